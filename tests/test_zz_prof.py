from __future__ import annotations
import time, subprocess, shutil, os, cProfile, pstats, asyncio, re
from conftest import Home
from pypi_index import IndexServer
from pathlib import Path
from jupyter_envmanager.pypi import *
from jupyter_envmanager.pypi import apply as A
import jupyter_envmanager.pypi.dryrun as D
import jupyter_envmanager.pypi.resolve as R
import sys
R=sys.modules["jupyter_envmanager.pypi.resolve"]; AM=sys.modules["jupyter_envmanager.pypi.apply"]

async def test_t(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("dep","1.0"); index.wheel("small","1.0",requires=["dep"])
    job=await pypi_home.create("a","python","pandas","ipykernel",kernel=None); assert job.state=="succeeded", job.error
    await pypi_home.service.queue.wait_for_aftercare(job.id)
    prefix=pypi_home.envs/"a"
    (site,)=site_folders(prefix)
    t=time.monotonic(); dd=distributions(site); print("distributions", len(dd), round(time.monotonic()-t,3))
    conda=[Dist(name=d.name,version=d.version,requires=d.requires) for d in dd]
    settings=PypiSettings(index=index.url,cache=str(pypi_home.path/"uv"))
    state=PypiState(python=str(prefix/"bin/python"),python_version="3.11.7",conda=conda)
    for _ in range(3):
        p=cProfile.Profile(); 
        t=time.monotonic()
        plan=await resolve(PypiRequest(install=["small"]),state,settings); print("resolve",round(time.monotonic()-t,3))
    t=time.monotonic(); dr=D.DryRun(Path(shutil.os.makedirs("/tmp/pc/ph%d"%os.getpid()) or "/tmp/pc/ph%d"%os.getpid()),state,settings,set()); print("phantom",round(time.monotonic()-t,3))
    for _ in range(2):
        t=time.monotonic(); await dr.changes(["small"],[],[],protected=True); print("dry",round(time.monotonic()-t,3))
    t=time.monotonic(); await dr.changes(["small"],[],["-v"],protected=True); 
    p=cProfile.Profile(); p.enable(); s=R._sound(state,set()); p.disable(); pstats.Stats(p).sort_stats("cumtime").print_stats(8)
    from jupyter_envmanager.pypi.runner import environment
    a=["pip","install","--dry-run","--output-format","json","--no-progress","--no-sources","--break-system-packages","--target",str(dr._phantom),*dr._python,"--requirements","requirements.txt","--constraint","constraints.txt","--constraint","protected.txt","-v"]
    from uv import find_uv_bin
    for pre in ([],):
        r=subprocess.run([*pre,find_uv_bin(),*a],cwd=dr.folder,env={**environment(settings,os.environ),"RUST_LOG":"uv=debug","UV_LOG_CONTEXT":"1"},capture_output=True,text=True); print(r.stderr[-6000:])
    with open("/tmp/pc/trace.txt","w") as f:
        pass
    for i in range(3):
        stage=prefix.parent/".envmanager/0123/stage-1"; stage.parent.mkdir(parents=True,exist_ok=True)
        shutil.copytree(prefix,stage,symlinks=True,copy_function=os.link)
        real=AM.run
        def run(a,*r):
            t=time.monotonic(); x=real(a,*r); print("  run",a[:2],round(time.monotonic()-t,3)); return x
        AM.run=run
        p=cProfile.Profile()
        t=time.monotonic()
        if i==2: p.enable()
        A(plan,stage=stage,prefix=prefix,settings=settings,report=lambda *_,**__:None)
        if i==2: p.disable(); pstats.Stats(p).sort_stats("cumtime").print_stats(25)
        print("apply",round(time.monotonic()-t,3))
        AM.run=real
        shutil.rmtree(stage)

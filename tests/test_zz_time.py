from __future__ import annotations
import time, subprocess
from conftest import Home
from pypi_index import IndexServer
from jupyter_envmanager.models import Change, PypiChange
import jupyter_envmanager.changes.preview as P
import jupyter_envmanager.pypi.dryrun as D

async def test_t(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("dep","1.0"); index.wheel("small","1.0",requires=["dep"])
    real=D.ask
    async def ask(a,*r):
        t=time.monotonic(); x=await real(a,*r); print("   ask",a[:2],round(time.monotonic()-t,3)); return x
    D.ask=ask
    rr=P.resolve
    async def resolve(*a):
        t=time.monotonic(); x=await rr(*a); print("   resolve",round(time.monotonic()-t,3)); return x
    P.resolve=resolve
    s=pypi_home.service
    for n in "abc":
        job=await pypi_home.create(n,"python","pandas","ipykernel",kernel=None); assert job.state=="succeeded", job.error
        await s.queue.wait_for_aftercare(job.id)
    for n in "abc":
        index.shelves.requests.clear()
        e=await s.find(n)
        for _ in range(2):
            t=time.monotonic()
            plan=await s.changes.preview(e.id, Change(pypi=PypiChange(install=["small"])))
            print(n,"preview",round(time.monotonic()-t,3))
        t=time.monotonic()
        job=await s.changes.change(e.id, Change(plan=plan.id))
        job=await s.queue.wait(job.id)
        print(n,"apply",round(time.monotonic()-t,3),job.state,job.error,index.shelves.requests)
        await s.queue.wait_for_aftercare(job.id)
        for line in (s.queue.store.folder if hasattr(s.queue.store,"folder") else pypi_home.path/"state"/"jobs").rglob("*"):
            if job.id in str(line) and line.is_file() and "event" in line.name: print(line.read_text()[-3000:])
        print(subprocess.run(f"find {e.prefix}/ -name small.py | xargs stat -c %h",shell=True,capture_output=True,text=True).stdout)

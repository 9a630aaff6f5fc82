"""Relocatable archives of environments, as conda-pack writes them (https://conda.github.io/conda-pack/spec.html).

    contents        what of an environment goes into an archive, and which files name the prefix
    packing         writes it, with conda-pack's own code
    members         reads an archive of any kind, one member after the other, and believes nothing of it
    reading         what is packed in an archive
    distributions   which Python packages in it conda has not brought
    apart           reads one with large records in a process of its own
    unpacking       lays it out in a stage

Nothing of an archive is run while it is read and laid out, and none of its code is compiled. Its Python is started once
afterwards where a kernel was asked for, as in any new environment: to see whether the kernel answers. In a shared
location its code is compiled then, too, as its readers could not.
"""

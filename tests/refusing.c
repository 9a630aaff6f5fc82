/* A filesystem that cannot: link() and renameat2() fail as they do on FAT, some network filesystems and FUSE.

   Preloaded into a worker; what it refuses is named in ENVMANAGER_TEST_REFUSE: "link", "exchange", or both. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int refused(const char *call)
{
    const char *calls = getenv("ENVMANAGER_TEST_REFUSE");
    return calls != NULL && strstr(calls, call) != NULL;
}

int link(const char *from, const char *to)
{
    if (refused("link")) {
        errno = EPERM;
        return -1;
    }
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "link");
    return real(from, to);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    if (refused("link")) {
        errno = EPERM;
        return -1;
    }
    int (*real)(int, const char *, int, const char *, int) = dlsym(RTLD_NEXT, "linkat");
    return real(from_folder, from, to_folder, to, flags);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags)
{
    if (refused("exchange") && flags != 0) {
        errno = EINVAL;
        return -1;
    }
    int (*real)(int, const char *, int, const char *, unsigned int) = dlsym(RTLD_NEXT, "renameat2");
    return real(from_folder, from, to_folder, to, flags);
}

/* A small libnvidia-ml.so.1: the calls that gpu/nvml.py makes, answered as the words in NVML_STUB say.
 *
 * One word names the machine: h100 (8 devices), a100-mig (one, split in two), v100-470 (driver 470, CUDA 11.4),
 * no_devices. Others add trouble or company; they are where their function is. Each call reads the words anew, so that
 * they may change while a program runs; "@PATH" takes them from a file, for a program that is not ours to change.
 *
 * Return codes and structs: https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUCCESS 0
#define UNINITIALIZED 1
#define NOT_SUPPORTED 3
#define NO_PERMISSION 4
#define NOT_FOUND 6
#define INSUFFICIENT_SIZE 7
#define DRIVER_NOT_LOADED 9
#define LIBRARY_NOT_FOUND 12
#define FUNCTION_NOT_FOUND 13
#define GPU_IS_LOST 15
#define LIB_RM_VERSION_MISMATCH 18
#define UNKNOWN 999
#define GIB (1ULL << 30)

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned int gpu, memory; } utilization_t;
typedef struct { unsigned int pid; unsigned long long memory; unsigned int instance, compute; } process_t;
typedef struct { const char *word, *driver; int cuda, count; const char *name; int major, minor, gib, mig; } machine_t;

/* The first one is meant where no word names a machine. */
static const machine_t MACHINES[] = {
    {"h100", "550.54.15", 12040, 8, "NVIDIA H100 80GB HBM3", 9, 0, 80, 0},
    {"a100-mig", "550.54.15", 12040, 1, "NVIDIA A100-SXM4-80GB", 8, 0, 80, 2},
    {"v100-470", "470.256.02", 11040, 1, "Tesla V100-SXM2-32GB", 7, 0, 32, 0},
    {"no_devices", "550.54.15", 12040, 0, "", 0, 0, 0, 0},
};
#define KINDS (sizeof MACHINES / sizeof *MACHINES)

/* What follows a word: "" for the word itself, the rest for a word that ends in "="; NULL where it is not said. */
static const char *said(const char *word) {
    static __thread char words[256];
    const char *value = getenv("NVML_STUB");
    snprintf(words, sizeof words, "%s", value == NULL ? "" : value);
    if (words[0] == '@') {
        FILE *file = fopen(words + 1, "r");
        size_t read = file == NULL ? 0 : fread(words, 1, sizeof words - 1, file);
        words[read] = 0;
        if (file != NULL) fclose(file);
    }
    size_t length = strlen(word);
    for (char *rest = words, *one; (one = strsep(&rest, " \n")) != NULL;)
        if (word[length - 1] == '=' ? !strncmp(one, word, length) : !strcmp(one, word)) return one + length;
    return NULL;
}

static const machine_t *machine(void) {
    for (size_t kind = 1; kind < KINDS; kind++) if (said(MACHINES[kind].word)) return &MACHINES[kind];
    return &MACHINES[0];
}

/* A handle is the number of a device from 1 on, plus 100 for each of its instances. */
static size_t device_of(void *handle) { return (size_t)handle % 100 - 1; }
static size_t part_of(void *handle) { return (size_t)handle / 100; }

static void hang(const char *word) { while (said(word)) usleep(2000); }

/* What every call on a device may run into. */
static int trouble(void *handle) {
    hang("hang_later");
    if (said("uninitialized_later")) return UNINITIALIZED;
    if (said("not_loaded_later")) return DRIVER_NOT_LOADED;
    if (said("library_gone_later")) return LIBRARY_NOT_FOUND;
    return said("lost_later") && device_of(handle) == 0 ? GPU_IS_LOST : SUCCESS;
}
#define CHECK(handle) do { int code = trouble(handle); if (code != SUCCESS) return code; } while (0)

/* gone_from=N: the driver is gone from the N-th start on, counted from when that is first said. */
int nvmlInitWithFlags(unsigned int flags) {
    static int starts = 0;
    (void)flags;
    hang("hang_init");
    const char *gone = said("gone_from=");
    starts = gone == NULL ? 0 : starts + 1;
    if ((gone != NULL && starts >= atoi(gone)) || said("not_loaded")) return DRIVER_NOT_LOADED;
    if (said("no_library")) return LIBRARY_NOT_FOUND;
    if (said("no_permission")) return NO_PERMISSION;
    if (said("mismatch")) return LIB_RM_VERSION_MISMATCH;
    return said("unknown") ? UNKNOWN : SUCCESS;
}
int nvmlShutdown(void) { hang("hang_shutdown"); return said("uninitialized_later") ? UNINITIALIZED : SUCCESS; }
const char *nvmlErrorString(int code) { (void)code; return "a stub's error"; }

int nvmlSystemGetDriverVersion(char *version, unsigned int length) {
    snprintf(version, length, "%s", machine()->driver);
    return SUCCESS;
}
int nvmlSystemGetCudaDriverVersion(int *version) { *version = machine()->cuda; return SUCCESS; }
int nvmlSystemGetCudaDriverVersion_v2(int *version) {
    return said("no_libcuda") ? LIBRARY_NOT_FOUND : nvmlSystemGetCudaDriverVersion(version);
}

int nvmlDeviceGetCount_v2(unsigned int *count) {
    *count = (unsigned int)machine()->count;
    return said("no_count") ? UNKNOWN : SUCCESS;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device) {
    *device = (void *)(size_t)(index + 1);
    return (said("lost") && index == 0) || said("all_lost") ? GPU_IS_LOST : SUCCESS;
}
int nvmlDeviceGetName(void *device, char *name, unsigned int length) {
    CHECK(device);
    snprintf(name, length, "%s%s", machine()->name, part_of(device) ? " MIG 3g.40gb" : "");
    if (said("garbage")) name[0] = (char)0xff;
    return SUCCESS;
}
int nvmlDeviceGetUUID(void *device, char *uuid, unsigned int length) {
    CHECK(device);
    snprintf(uuid, length, "%s-0000-%zu", part_of(device) ? "MIG" : "GPU", device_of(device) + part_of(device));
    return SUCCESS;
}
/* Devices that share the memory of the machine, such as GB10, report none of their own: unsupported. */
int nvmlDeviceGetMemoryInfo(void *device, memory_t *memory) {
    CHECK(device);
    if (said("unsupported")) return NOT_SUPPORTED;
    memory->total = (unsigned long long)machine()->gib * GIB / (part_of(device) ? 2 : 1);
    memory->used = (device_of(device) + 1) * GIB;
    memory->free = memory->total - memory->used;
    return SUCCESS;
}
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) {
    CHECK(device);
    *major = machine()->major;
    *minor = machine()->minor;
    return SUCCESS;
}
int nvmlDeviceGetUtilizationRates(void *device, utilization_t *rates) {
    CHECK(device);
    if (said("unsupported") || machine()->mig) return NOT_SUPPORTED;
    rates->gpu = 37;
    rates->memory = 11;
    return SUCCESS;
}

int nvmlDeviceGetMigMode(void *device, unsigned int *current, unsigned int *pending) {
    CHECK(device);
    *current = *pending = machine()->mig > 0;
    return machine()->major < 8 ? NOT_SUPPORTED : SUCCESS;
}
int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned int *count) { CHECK(device); *count = 7; return SUCCESS; }
int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned int index, void **part) {
    CHECK(device);
    *part = (void *)((size_t)device + 100 * (index + 1));
    return (int)index < machine()->mig ? SUCCESS : NOT_FOUND;
}

/* processes: ourselves on each device, computing with 3 GiB, and drawing on the first one; another that is no more.
 * processes_denied: nobody may see them. Those of a split device as a whole are for administrators. */
static int running(void *device, int draws, unsigned int *count, process_t *processes) {
    unsigned int room = *count;
    CHECK(device);
    if (said("processes_denied") || (machine()->mig && !part_of(device))) return NO_PERMISSION;
    if (draws && machine()->mig) return NOT_SUPPORTED;
    *count = !said("processes") ? 0 : draws ? device_of(device) == 0 : part_of(device) == 2 ? 0 : 2;
    if (*count == 0) return SUCCESS;
    if (processes == NULL || room < *count) return INSUFFICIENT_SIZE;
    processes[0] = (process_t){(unsigned int)getpid(), 3 * GIB, 0, 0};
    if (*count == 2) processes[1] = (process_t){4194304 + 1, ~0ULL, 0, 0};
    return SUCCESS;
}
#define RUNNING(KIND, DRAWS) \
    int nvmlDeviceGet##KIND##RunningProcesses_v2(void *device, unsigned int *count, process_t *processes) { \
        return running(device, DRAWS, count, processes); \
    } \
    int nvmlDeviceGet##KIND##RunningProcesses_v3(void *device, unsigned int *count, process_t *processes) { \
        return machine()->cuda < 12000 ? FUNCTION_NOT_FOUND : running(device, DRAWS, count, processes); \
    }
RUNNING(Compute, 0)
RUNNING(Graphics, 1)

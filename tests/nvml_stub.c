/* A small libnvidia-ml.so.1: the calls that gpu.py makes, answering as the environment variable NVML_STUB says.
 * Return codes: https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUCCESS 0
#define NOT_SUPPORTED 3
#define NO_PERMISSION 4
#define DRIVER_NOT_LOADED 9
#define GPU_IS_LOST 15
#define LIB_RM_VERSION_MISMATCH 18
#define UNKNOWN 999

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned int gpu, memory; } utilization_t;

static int mode(const char *name) {
    const char *value = getenv("NVML_STUB");
    return value != NULL && strcmp(value, name) == 0;
}

int nvmlInitWithFlags(unsigned int flags) {
    (void)flags;
    if (mode("hang")) for (;;) sleep(60);
    if (mode("not_loaded")) return DRIVER_NOT_LOADED;
    if (mode("no_permission")) return NO_PERMISSION;
    if (mode("mismatch")) return LIB_RM_VERSION_MISMATCH;
    if (mode("unknown")) return UNKNOWN;
    return SUCCESS;
}
int nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(int code) { (void)code; return "a stub's error"; }

int nvmlSystemGetDriverVersion(char *version, unsigned int length) {
    snprintf(version, length, "550.54.15");
    return SUCCESS;
}
int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 12040; return SUCCESS; }

int nvmlDeviceGetCount_v2(unsigned int *count) { *count = mode("no_devices") ? 0 : 2; return SUCCESS; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device) {
    if (mode("lost") && index == 0) return GPU_IS_LOST;
    *device = (void *)(size_t)(index + 1);
    return SUCCESS;
}
int nvmlDeviceGetName(void *device, char *name, unsigned int length) {
    snprintf(name, length, "Stub %zu", (size_t)device - 1);
    return SUCCESS;
}
int nvmlDeviceGetUUID(void *device, char *uuid, unsigned int length) {
    snprintf(uuid, length, "GPU-0000-%zu", (size_t)device - 1);
    return SUCCESS;
}
int nvmlDeviceGetMemoryInfo(void *device, memory_t *memory) {
    if (mode("unsupported")) return NOT_SUPPORTED;
    memory->total = (size_t)device * 80ULL << 30;
    memory->used = 5ULL << 30;
    memory->free = memory->total - memory->used;
    return SUCCESS;
}
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) {
    *major = 9;
    *minor = (int)(size_t)device - 1;
    return SUCCESS;
}
int nvmlDeviceGetUtilizationRates(void *device, utilization_t *rates) {
    (void)device;
    if (mode("unsupported")) return NOT_SUPPORTED;
    rates->gpu = 37;
    rates->memory = 11;
    return SUCCESS;
}

/* A libnvidia-ml.so.1 for machines without a GPU: what the driver's library would say, by
 * FAKE_NVML: "two" GPUs; "mig": the first divided into two slices, the second whole; "empty":
 * divided, with no slice made; "broken": a driver that does not answer. Functions and codes are
 * those of nvml.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, DRIVER_NOT_LOADED = 9 };

struct unit { const char *uuid, *name; unsigned long long total, used; };
static struct unit UNITS[] = {
    {"GPU-11111111-2222-3333-4444-555555555555", "NVIDIA H100 80GB HBM3", 85520809984ULL, 1073741824ULL},
    {"GPU-66666666-2222-3333-4444-555555555555", "NVIDIA L4", 24152899584ULL, 536870912ULL},
    {"MIG-aaaaaaaa-0000-0000-0000-000000000000", "NVIDIA H100 MIG 3g.40gb", 42412802048ULL, 12345678ULL},
    {"MIG-bbbbbbbb-0000-0000-0000-000000000000", "NVIDIA H100 MIG 3g.40gb", 42412802048ULL, 0ULL},
};

static const char *scene(void) { const char *s = getenv("FAKE_NVML"); return s ? s : "two"; }
static int divided(void) { return !strcmp(scene(), "mig") || !strcmp(scene(), "empty"); }

int nvmlInitWithFlags(unsigned flags) { (void)flags; return strcmp(scene(), "broken") ? SUCCESS : DRIVER_NOT_LOADED; }
int nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(int code) { return code == DRIVER_NOT_LOADED ? "Driver Not Loaded" : "Another Error"; }
int nvmlSystemGetDriverVersion(char *out, unsigned n) { snprintf(out, n, "580.82.07"); return SUCCESS; }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 13000; return SUCCESS; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return SUCCESS; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, struct unit **out) {
    if (i > 1) return INVALID;
    *out = &UNITS[i];
    return SUCCESS;
}
int nvmlDeviceGetHandleByUUID(const char *uuid, struct unit **out) {
    for (int i = 0; i < 4; i++) if (!strcmp(UNITS[i].uuid, uuid)) { *out = &UNITS[i]; return SUCCESS; }
    return NOT_FOUND;
}
int nvmlDeviceGetUUID(struct unit *u, char *out, unsigned n) { snprintf(out, n, "%s", u->uuid); return SUCCESS; }
int nvmlDeviceGetName(struct unit *u, char *out, unsigned n) { snprintf(out, n, "%s", u->name); return SUCCESS; }
int nvmlDeviceGetMemoryInfo(struct unit *u, unsigned long long out[3]) {
    out[0] = u->total; out[1] = u->total - u->used; out[2] = u->used;
    return SUCCESS;
}
int nvmlDeviceGetMigMode(struct unit *u, unsigned *current, unsigned *pending) {
    if (u != &UNITS[0]) return NOT_SUPPORTED;
    *current = *pending = (unsigned)divided();
    return SUCCESS;
}
int nvmlDeviceGetMaxMigDeviceCount(struct unit *u, unsigned *n) { (void)u; *n = 7; return SUCCESS; }
int nvmlDeviceGetMigDeviceHandleByIndex(struct unit *u, unsigned i, struct unit **out) {
    /* Slices may lie in any of the seven places. */
    if (u != &UNITS[0] || strcmp(scene(), "mig") || (i != 0 && i != 4)) return NOT_FOUND;
    *out = &UNITS[i ? 3 : 2];
    return SUCCESS;
}

/* A libcuda.so.1 whose answers the environment gives: DRIVER_VERSION, INIT (an error), GPUS (a number). */
#include <stdlib.h>

static int from(const char* name, int otherwise) {
  const char* value = getenv(name);
  return value == NULL ? otherwise : atoi(value);
}

int cuDriverGetVersion(int* version) {
  *version = from("DRIVER_VERSION", 13020);
  return 0;
}
int cuInit(unsigned flags) { return flags == 0 ? from("INIT", 0) : 1; }
int cuDeviceGetCount(int* count) {
  *count = from("GPUS", 1);
  return 0;
}
int cuGetErrorString(int error, const char** words) {
  *words = error == 999 ? "unknown error" : "another error";
  return 0;
}
int cuDeviceGet(int* device, int index) {
  *device = index;
  return 0;
}
int cuDeviceGetUuid_v2(unsigned char* uuid, int device) {
  for (int i = 0; i < 16; i++) uuid[i] = (unsigned char)(16 * device + i);
  return 0;
}
int cuDeviceGetName(char* name, int size, int device) {
  (void)size;
  name[0] = 'G';
  name[1] = (char)('0' + device);
  name[2] = 0;
  return 0;
}

/* Runs a fuzz target on files, without libFuzzer: each in a block of exactly its size, so that the
 * sanitizer sees a read behind it. Arguments: files, or folders whose files are taken. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return perror(path), -1;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    int result = -1;
    if (data && size >= 0 && fread(data, 1, (size_t)size, file) == (size_t)size) {
        result = LLVMFuzzerTestOneInput(data, (size_t)size);
    }
    free(data);
    fclose(file);
    return result;
}

static int run_path(const char *path, int *count) {
    struct stat info;
    if (stat(path, &info) != 0) return perror(path), -1;
    if (!S_ISDIR(info.st_mode)) return (*count)++, run_file(path);
    DIR *folder = opendir(path);
    if (!folder) return perror(path), -1;
    int result = 0;
    for (struct dirent *entry; result == 0 && (entry = readdir(folder));) {
        char name[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        (*count)++;
        result = run_file(name);
    }
    closedir(folder);
    return result;
}

int main(int argc, char **argv) {
    int count = 0;
    for (int i = 1; i < argc; i++) {
        if (run_path(argv[i], &count) != 0) return 1;
    }
    printf("%s: %d inputs replayed\n", argv[0], count);
    return count == 0;
}

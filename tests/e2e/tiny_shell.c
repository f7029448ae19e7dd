/* A shell for strict builds that need no other program: of its script it knows lines of a tab, a verb and a path. It says
   what came of each, on stdout and in $out/said. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int attempt(const char *verb, const char *path) {
    struct stat st;
    char byte;
    if (!strcmp(verb, "look")) return stat(path, &st);
    if (!strcmp(verb, "read")) {
        int fd = open(path, O_RDONLY);
        return fd < 0 ? -1 : (int)read(fd, &byte, 1);
    }
    if (!strcmp(verb, "write")) return open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (!strcmp(verb, "list")) return opendir(path) ? 0 : -1;
    if (!strcmp(verb, "socket")) return socket(AF_INET, SOCK_STREAM, 0);
    errno = ENOSYS;
    return -1;
}

static const char *word(int number) {
    switch (number) {
    case EACCES: return "EACCES";
    case EAFNOSUPPORT: return "EAFNOSUPPORT";
    case ENOENT: return "ENOENT";
    case EPERM: return "EPERM";
    case EROFS: return "EROFS";
    }
    return strerror(number);
}

int main(int argc, char **argv) {
    char line[4096], verb[16], path[4096], said[4096];
    FILE *script = argc > 1 ? fopen(argv[1], "r") : NULL, *out;
    snprintf(said, sizeof said, "%s/said", getenv("out"));
    if (!script || !(out = fopen(said, "w"))) return 2;
    while (fgets(line, sizeof line, script)) {
        const char *whole = path;
        char full[8192];
        if (*line != '\t' || sscanf(line, "%15s %4000s", verb, path) != 2) continue;
        if (*path == '$') {
            /* A variable, then the rest. */
            char *rest = strchr(path, '/');
            if (rest) *rest = 0;
            const char *value = getenv(path + 1);
            snprintf(full, sizeof full, "%s%s%s", value ? value : "", rest ? "/" : "", rest ? rest + 1 : "");
            if (rest) *rest = '/';
            whole = full;
        }
        errno = 0;
        const char *came = attempt(verb, whole) < 0 ? word(errno) : "ok";
        printf("%s %s: %s\n", verb, path, came);
        /* Not the path: that of an install which was not declared may not stand in an output. */
        fprintf(out, "%s: %s\n", verb, came);
    }
    return fclose(out) ? 1 : 0;
}

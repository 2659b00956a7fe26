/*
 * cgroup.c: how much memory the control groups of this process allow. A JVM that starts where there is less than it
 * needs is killed by the kernel, and the program with it.
 *
 * The groups are looked for where systemd and all others mount them. In a container the process may be told a path that
 * it cannot see, because the container's own group is mounted instead: so the mounted one counts in any case.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* The beginning of a small file as a string; false if there is none. */
static bool read_file(const char *path, char *text, size_t room) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, room - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* "max" is no number, and no limit. */
static size_t limit_of(const char *folder, const char *name) {
    char path[JDK_PATH_MAX + 32], text[32], *end;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!read_file(path, text, sizeof text))
        return SIZE_MAX;
    size_t limit = strtoul(text, &end, 10);
    return end == text ? SIZE_MAX : limit;
}

/* The least limit of a group and those that it is in. */
static size_t limit_upwards(const char *mounted, const char *group, const char *name) {
    char folder[JDK_PATH_MAX];
    if ((size_t)snprintf(folder, sizeof folder, "%s%s", mounted, group) >= sizeof folder)
        return limit_of(mounted, name);
    size_t limit = limit_of(folder, name);
    for (char *slash; strlen(folder) > strlen(mounted) && (slash = strrchr(folder, '/')) != NULL;) {
        *slash = '\0';
        limit = smaller(limit, limit_of(folder, name));
    }
    return limit;
}

/* Whether a list like "cpu,memory" has the name in it. */
static bool has_name(const char *list, const char *name) {
    for (size_t length = strlen(name);; list++) {
        if (strncmp(list, name, length) == 0 && (list[length] == ',' || list[length] == '\0'))
            return true;
        list = strchr(list, ',');
        if (list == NULL)
            return false;
    }
}

/* A line is "4:memory:/path" for version 1, and "0::/path" for version 2. */
static size_t limit_of_line(char *line, const char *mounted) {
    char *controllers = strchr(line, ':');
    char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (group == NULL)
        return SIZE_MAX;
    *group++ = '\0';
    if (*++controllers == '\0')
        return limit_upwards(mounted, group, "memory.max");
    char memory[JDK_PATH_MAX];
    snprintf(memory, sizeof memory, "%s/memory", mounted);
    return has_name(controllers, "memory") ? limit_upwards(memory, group, "memory.limit_in_bytes") : SIZE_MAX;
}

size_t cgroup_memory(const char *own_groups, const char *mounted) {
    char text[JDK_PATH_MAX], *rest;
    size_t limit = SIZE_MAX;
    if (!read_file(own_groups, text, sizeof text))
        return limit;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        limit = smaller(limit, limit_of_line(line, mounted));
    return limit;
}

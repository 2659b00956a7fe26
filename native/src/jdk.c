/*
 * jdk.c: finds a JDK that is new enough: the one that the user names in JAVALLOC_JAVA_HOME, else JAVA_HOME, else the
 * one that javalloc was built with. A JAVA_HOME that is too old is common and not meant for us, so it is passed over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#ifndef JAVALLOC_BUILD_JDK
#error "the build must say which JDK it used"
#endif

int jdk_feature_version(const char *release) {
    static const char key[] = "JAVA_VERSION=\"";
    const char *found = strstr(release, key);
    return found == NULL ? 0 : atoi(found + sizeof key - 1);
}

static int version_of(const char *home) {
    char path[JDK_PATH_MAX + 32], text[4096];
    snprintf(path, sizeof path, "%s/release", home);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    snprintf(path, sizeof path, "%s/lib/server/libjvm.so", home);
    return access(path, R_OK) == 0 ? jdk_feature_version(text) : 0;
}

const char *jdk_find(char home[JDK_PATH_MAX]) {
    static char message[512];
    const char *chosen = getenv("JAVALLOC_JAVA_HOME"), *usual = getenv("JAVA_HOME");
    const char *candidates[] = {chosen, usual, JAVALLOC_BUILD_JDK};
    bool is_chosen = chosen != NULL && chosen[0] != '\0';
    size_t count = is_chosen ? 1 : 3; /* who names one wants that one */
    for (size_t i = 0; i < count; i++) {
        const char *candidate = candidates[i];
        if (candidate == NULL || candidate[0] == '\0' || strlen(candidate) >= JDK_PATH_MAX)
            continue;
        if (version_of(candidate) >= JDK_OLDEST) {
            strcpy(home, candidate);
            return NULL;
        }
    }
    if (is_chosen)
        snprintf(message, sizeof message,
                 "no JDK %d or newer: looked at JAVALLOC_JAVA_HOME=%.200s, and nowhere else because that is set",
                 JDK_OLDEST, chosen);
    else
        snprintf(message, sizeof message,
                 "no JDK %d or newer: looked at JAVA_HOME=%.200s and %.200s; set JAVALLOC_JAVA_HOME", JDK_OLDEST,
                 usual == NULL ? "" : usual, JAVALLOC_BUILD_JDK);
    return message;
}

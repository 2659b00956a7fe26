/*
 * start.h: from the constructor to the running heap. One section per file.
 */
#ifndef JAVALLOC_START_H
#define JAVALLOC_START_H

#include "internal.h"

/* ---- boot.c: from the constructor to the running heap ---- */

struct boot_figures {
    long nanoseconds;    /* how long the start took; 0: Java does not serve */
    bool is_beside;      /* the JVM started beside the program */
    uint64_t libc_calls; /* that were served by libc meanwhile */
};
struct boot_figures boot_figures(void);
/* Before a fork, a change of the environment, or of a limit: waits until the JVM, if it starts beside the program, is
 * up, but not for ever. */
void boot_wait(void);

/* ---- jdk.c: where Java is ---- */

#define JDK_PATH_MAX 4096
#define JDK_OLDEST   25
/* Finds a JDK: JAVALLOC_JAVA_HOME, JAVA_HOME, the JDK of the build. NULL, or one sentence that says what was looked at.
 */
const char *jdk_find(char home[JDK_PATH_MAX]);
/* The feature version in the text of a JDK's `release` file; 0 if there is none. */
int jdk_feature_version(const char *release);

/* ---- jvm.c: the JVM ---- */

/* Loads what a starting JVM would load anyway, as far as it is there. */
void jvm_load(const char *java_home);
/* Starts the JVM in this process and its Java side. NULL, or one sentence that says why not. */
const char *jvm_start(const char *home, const char *java_home, int *exit_status);
/* The calling thread's JNIEnv; NULL: it is not attached. */
struct JNINativeInterface_;
const struct JNINativeInterface_ **jvm_environment(void);
bool jvm_attach(bool *by_us);
/* Whether an address is in code of libjvm's, or in what the JVM has compiled; true where that is not known. */
bool jvm_has_code_at(uintptr_t address);
void jvm_detach(void);
/* Whether a JVM is loaded in this process, or the program is a launcher of one. */
bool jvm_is_loaded(void);
bool jvm_is_launcher(void);
/* Uses the JVM that called us. */
bool jvm_adopt(void);
struct jvm_figures {
    uint64_t allocated_bytes, gc_count;
};
/* Java objects made since jvm_observe, in bytes, and garbage collections. */
bool jvm_observe(void);
struct jvm_figures jvm_figures(void);

/* ---- jni.c: both ways through JNI ---- */

/* Starts the Java side; see jvm_start. */
const char *jni_start(int *exit_status);
/* The bridge's operations, which are numbered from 0. */
enum {
    BRIDGE_OPERATIONS =
        (sizeof(struct javalloc_bridge) - offsetof(struct javalloc_bridge, allocate)) / sizeof(uintptr_t)
};
/* On a thread of the JVM's, which is attached, if it can be, and stays so. */
void jni_make_stub(int operation);
void jni_describe_hang(void);

/* ---- helper.c: a thread beside the program ---- */

/* Once the Java side is up. Without it JNI goes on serving. */
void helper_start(void);
void helper_make_stub(int operation);
/* Whether it does so now, on this thread. */
bool helper_makes_stub(void);
/* Before long, what the heap does not use goes back to the system. */
void helper_purge_soon(void);

/* ---- process.c: what the JVM must not change in the program's process ---- */

void process_save(void);          /* before the JVM starts, if it starts before the program */
void process_restore(bool is_up); /* after it has, or has not */

/* If it is to start beside the program: before that; false if the program would notice. */
bool process_part(void);
void process_part_thread(void); /* on the thread that will start it */
void process_parted(void);      /* there, after it has */

/* Takes the library out of LD_PRELOAD, where it stands, for programs that this one execs. */
void process_hide_preload(void);

/* Whether this is the process that the shim's state is about, and not a child that shares our memory (vfork). */
bool process_is_own(void);
void process_settle(void); /* from now on it is the calling one */
/* Of a clock that never goes back. */
long process_nanoseconds(void);

/* ---- image.c: the JDK's classes in memory ---- */

/* Once libjimage has been loaded. */
void image_map(const char *java_home);

#endif

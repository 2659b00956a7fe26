/*
 * jvm.c: the JVM in this process, through the JNI Invocation API: starting it, attaching threads to it, and what it
 * says of its own memory.
 */
#include <dlfcn.h>
#include <jni.h>
#include <jvmti.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define OPTIONS_MAX 64

typedef jint create_function(JavaVM **vm, void **env, void *arguments);
typedef jint created_function(JavaVM **vms, jsize room, jsize *count);

static JavaVM *vm;

/* ---- is there one already? ---- */

static int is_libjvm(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size;
    (void)unused;
    const char *slash = strrchr(info->dlpi_name, '/');
    return slash != NULL && strcmp(slash, "/libjvm.so") == 0;
}

bool jvm_is_loaded(void) { return dl_iterate_phdr(is_libjvm, NULL) != 0; }

bool jvm_is_launcher(void) {
    return dlsym(RTLD_DEFAULT, "JLI_Launch") != NULL || dlsym(RTLD_DEFAULT, "JNI_CreateJavaVM") != NULL;
}

static int find_libjvm(struct dl_phdr_info *info, size_t size, void *found) {
    if (!is_libjvm(info, size, NULL))
        return 0;
    *(const char **)found = info->dlpi_name;
    return 1;
}

bool jvm_adopt(void) {
    const char *path = NULL;
    dl_iterate_phdr(find_libjvm, &path);
    void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    if (library == NULL)
        return false;
    created_function *created;
    *(void **)&created = dlsym(library, "JNI_GetCreatedJavaVMs");
    jsize count = 0;
    return created != NULL && created(&vm, 1, &count) == JNI_OK && count == 1;
}

/* ---- its code: libjvm's, and what it compiles, where its own tables say that that lies ---- */

static struct { uintptr_t low, bytes; } code_of_libjvm;
static const uintptr_t *compiled_low, *compiled_high;

static int find_code_of_libjvm(struct dl_phdr_info *info, size_t size, void *unused) {
    if (!is_libjvm(info, size, unused))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            code_of_libjvm.low = info->dlpi_addr + part->p_vaddr;
            code_of_libjvm.bytes = part->p_memsz;
        }
    }
    return 1;
}

/* Of the tables that HotSpot has for the serviceability agent (vmStructs.cpp): pointers and distances. */
static uint64_t word_of(void *library, const char *name) {
    const uint64_t *found = dlsym(library, name);
    return found == NULL ? 0 : *found;
}

static void find_code(void *library) {
    dl_iterate_phdr(find_code_of_libjvm, NULL);
    const char *entry = (const char *)(uintptr_t)word_of(library, "gHotSpotVMStructs");
    size_t stride = word_of(library, "gHotSpotVMStructEntryArrayStride");
    size_t type = word_of(library, "gHotSpotVMStructEntryTypeNameOffset");
    size_t field = word_of(library, "gHotSpotVMStructEntryFieldNameOffset");
    size_t address = word_of(library, "gHotSpotVMStructEntryAddressOffset");
    for (; entry != NULL && stride != 0 && *(const char *const *)(entry + type) != NULL; entry += stride) {
        if (strcmp(*(const char *const *)(entry + type), "CodeCache") != 0)
            continue;
        const char *name = *(const char *const *)(entry + field);
        if (strcmp(name, "_low_bound") == 0)
            compiled_low = *(const uintptr_t *const *)(entry + address);
        if (strcmp(name, "_high_bound") == 0)
            compiled_high = *(const uintptr_t *const *)(entry + address);
    }
}

bool jvm_has_code_at(uintptr_t at) {
    if (compiled_low == NULL || compiled_high == NULL || code_of_libjvm.bytes == 0)
        return true;
    return at - *compiled_low < *compiled_high - *compiled_low || at - code_of_libjvm.low < code_of_libjvm.bytes;
}

/* ---- starting one ---- */

struct arguments {
    JavaVMOption options[OPTIONS_MAX];
    int count;
};

static void add(struct arguments *to, const char *option) {
    if (to->count < OPTIONS_MAX)
        to->options[to->count++].optionString = (char *)option;
}

static void add_function(struct arguments *to, const char *name, void *function) {
    add(to, name);
    to->options[to->count - 1].extraInfo = function;
}

/*
 * A JVM that cannot start, because there is no memory or no thread to be had, says so on standard output and ends the
 * process. Ours says it to us, and leaves it alone: what there is of it is never used again.
 */

static struct {
    pthread_t thread; /* that starts it */
    bool is_under_way;
    char words[JAVALLOC_MESSAGE_MAX / 2]; /* its first */
    jmp_buf given_up;
} attempt;

static jint JNICALL on_words(FILE *stream, const char *format, va_list arguments) {
    if (!attempt.is_under_way)
        return vfprintf(stream, format, arguments);
    size_t length = strlen(attempt.words);
    return vsnprintf(attempt.words + length, sizeof attempt.words - length, format, arguments);
}

static void JNICALL on_end(void) {
    if (attempt.is_under_way && pthread_equal(attempt.thread, pthread_self()))
        longjmp(attempt.given_up, 1);
}

static jint try_to_create(create_function *create, JavaVMInitArgs *arguments) {
    JNIEnv *env;
    attempt.thread = pthread_self();
    attempt.is_under_way = true;
    jint result = setjmp(attempt.given_up) == 0 ? create(&vm, (void **)&env, arguments) : JNI_ERR;
    attempt.is_under_way = false;
    return result;
}

/* What it has said, as one line. */
static const char *last_words(void) {
    static const char heading[] = "Error occurred during initialization of VM\n";
    char *words = attempt.words;
    if (strncmp(words, heading, strlen(heading)) == 0)
        words += strlen(heading);
    words[strcspn(words, "\n")] = '\0';
    size_t length = strlen(words);
    if (length > 0 && words[length - 1] == '.')
        words[length - 1] = '\0';
    return words[0] == '\0' ? "without a reason" : words;
}

/* The user's own, separated by blanks; they come last and win. */
static void add_user_options(struct arguments *to) {
    char *rest = options.java_options, *option;
    while ((option = strtok_r(rest, " ", &rest)) != NULL)
        add(to, option);
}

static void add_options(struct arguments *to, const char *home) {
    static char class_path[2 * JDK_PATH_MAX + 64], cache[JDK_PATH_MAX + 64];
    /* The cache also serves a class path that goes on behind its own. */
    snprintf(class_path, sizeof class_path, "-Djava.class.path=%s/javalloc.jar%s%s", home,
             options.class_path[0] == '\0' ? "" : ":", options.class_path);
    snprintf(cache, sizeof cache, "-XX:AOTCache=%s/javalloc.aot", home);
    add(to, class_path);
    if (access(strchr(cache, '=') + 1, R_OK) == 0) /* without it: the JDK's own, and a slower start */
        add(to, cache);
#define JVM_OPTION(option) add(to, option);
#include "jvm-options.h"
#undef JVM_OPTION
    /* Where addresses cost nothing: room for what is known of 30 GiB of the smallest blocks, half of it for rows. */
    if (limits_address_space() == SIZE_MAX)
        add(to, "-Xmx512m");
    add_function(to, "vfprintf", (void *)on_words);
    add_function(to, "abort", (void *)on_end);
    add_user_options(to);
}

/* HotSpot's own code computes with floating point when a thread comes. The program's exceptions must not be raised by
 * that, nor trapped, and the JVM's threads inherit what holds when they are made. An upcall sees to that itself. */
#if defined(__x86_64__)
#define DEFAULT_MXCSR 0x1f80u
static unsigned take_floating_point(void) {
    unsigned of_program = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(DEFAULT_MXCSR);
    return of_program;
}
static void give_floating_point(unsigned of_program) { __builtin_ia32_ldmxcsr(of_program); }
#else
static unsigned take_floating_point(void) { return 0; }
static void give_floating_point(unsigned of_program) { (void)of_program; }
#endif

void jvm_load(const char *jdk) {
    static const char *const names[] = {"server/libjvm.so", "libjava.so", "libjimage.so",  "libzip.so",
                                        "libnet.so",        "libnio.so",  "libsimdsort.so"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[JDK_PATH_MAX + 32];
        snprintf(path, sizeof path, "%s/lib/%s", jdk, names[i]);
        dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    }
}

/* The JVM compiles, and ends a process that may not execute what it has written: before it has read our options. */
static bool may_execute_what_is_written(void) {
    size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return true; /* it will say so itself */
    bool may = mprotect(page, bytes, PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
    munmap(page, bytes);
    return may;
}

static const char *start(const char *home, const char *java_home, int *exit_status) {
    static char message[JDK_PATH_MAX + JAVALLOC_MESSAGE_MAX];
    char path[JDK_PATH_MAX + 32];
    if (!may_execute_what_is_written())
        return "this process may not have memory that is written and executed (MemoryDenyWriteExecute of systemd, "
               "or the like), which a JVM needs";
    snprintf(path, sizeof path, "%s/lib/server/libjvm.so", java_home);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    create_function *create = NULL;
    if (library != NULL)
        *(void **)&create = dlsym(library, "JNI_CreateJavaVM");
    if (create == NULL) {
        snprintf(message, sizeof message, "%s cannot be loaded", path);
        return message;
    }
    find_code(library);
    struct arguments arguments = {.count = 0};
    add_options(&arguments, home);
    JavaVMInitArgs init = {JNI_VERSION_10, arguments.count, arguments.options, JNI_FALSE};
    jint result = try_to_create(create, &init);
    thread_self.attached = result == JNI_OK; /* as the thread that the JVM calls main */
    if (result != JNI_OK) {
        snprintf(message, sizeof message, "the JVM of %s did not start: %s", java_home, last_words());
        return message;
    }
    const char *problem = jni_start(exit_status);
    if (problem == NULL)
        helper_start();
    return problem;
}

const char *jvm_start(const char *home, const char *java_home, int *exit_status) {
    unsigned of_program = take_floating_point();
    const char *problem = start(home, java_home, exit_status);
    give_floating_point(of_program);
    return problem;
}

/* ---- threads ---- */

const struct JNINativeInterface_ **jvm_environment(void) {
    JNIEnv *env;
    return (*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_10) == JNI_OK ? env : NULL;
}

bool jvm_attach(bool *by_us) {
    if (jvm_environment() != NULL)
        return true;
    JNIEnv *env;
    JavaVMAttachArgs arguments = {JNI_VERSION_10, NULL, NULL};
    unsigned of_program = take_floating_point();
    *by_us = (*vm)->AttachCurrentThreadAsDaemon(vm, (void **)&env, &arguments) == JNI_OK;
    give_floating_point(of_program);
    return *by_us;
}

void jvm_detach(void) {
    unsigned of_program = take_floating_point();
    (*vm)->DetachCurrentThread(vm);
    give_floating_point(of_program);
}

/* ---- figures: every Java object made since, through JVMTI, which costs nothing while none is made ---- */

static _Atomic uint64_t allocated_bytes, gc_count;

static void JNICALL on_object(jvmtiEnv *jvmti, JNIEnv *env, jthread thread, jobject object, jclass type, jlong bytes) {
    (void)jvmti, (void)env, (void)thread, (void)object, (void)type;
    if (!helper_makes_stub()) /* that is part of the start, though it comes later */
        allocated_bytes += (uint64_t)bytes;
}

static void JNICALL on_collection(jvmtiEnv *jvmti) {
    (void)jvmti;
    gc_count++;
}

/* A thread is watched once it has made as much as the interval was when it was attached, which is half a MB or more for
 * the one that started the JVM. So that one is attached anew. Detached, a thread has the signal mask with which it was
 * attached: every signal was blocked then (process_save). */
static bool watch_this_thread(void) {
    bool is_by_us;
    sigset_t before;
    signals_block_all(&before);
    jvm_detach();
    bool is_attached = jvm_attach(&is_by_us);
    signals_restore(&before);
    allocated_bytes = 0; /* what that took */
    return is_attached;
}

bool jvm_observe(void) {
    jvmtiEnv *jvmti;
    if ((*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_11) != JNI_OK)
        return false;
    jvmtiCapabilities wanted = {.can_generate_garbage_collection_events = 1,
                                .can_generate_sampled_object_alloc_events = 1};
    jvmtiEventCallbacks callbacks = {.GarbageCollectionFinish = on_collection, .SampledObjectAlloc = on_object};
    return (*jvmti)->AddCapabilities(jvmti, &wanted) == JVMTI_ERROR_NONE &&
           (*jvmti)->SetHeapSamplingInterval(jvmti, 0) == JVMTI_ERROR_NONE && /* 0: every allocation */
           (*jvmti)->SetEventCallbacks(jvmti, &callbacks, sizeof callbacks) == JVMTI_ERROR_NONE &&
           (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_GARBAGE_COLLECTION_FINISH, NULL) ==
               JVMTI_ERROR_NONE &&
           (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_SAMPLED_OBJECT_ALLOC, NULL) ==
               JVMTI_ERROR_NONE &&
           watch_this_thread();
}

struct jvm_figures jvm_figures(void) {
    return (struct jvm_figures){allocated_bytes, gc_count};
}

/*
 * jvm.c: the JVM in this process, through the JNI Invocation API: starting it, attaching threads to it, and what it
 * says of its own memory.
 */
#include <dlfcn.h>
#include <errno.h>
#include <jni.h>
#include <jvmti.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define ENTRY_CLASS "io/javalloc/bridge/Entry"
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
    add_function(to, "vfprintf", (void *)on_words);
    add_function(to, "abort", (void *)on_end);
    add_user_options(to);
}

/* What Java calls in C: io.javalloc.bridge.SystemPages and Host. */
#define NATIVE(type, class_name, method) JNIEXPORT type JNICALL Java_io_javalloc_bridge_##class_name##_##method

NATIVE(jboolean, SystemPages, commitPages)(JNIEnv *env, jclass class, jlong address, jlong bytes) {
    (void)env, (void)class;
    return region_commit((uintptr_t)address, (size_t)bytes);
}

NATIVE(jboolean, SystemPages, protectPages)
(JNIEnv *env, jclass class, jlong address, jlong bytes, jboolean accessible) {
    (void)env, (void)class;
    return region_protect((uintptr_t)address, (size_t)bytes, accessible);
}

NATIVE(jboolean, SystemPages, discardPages)(JNIEnv *env, jclass class, jlong address, jlong bytes) {
    (void)env, (void)class;
    return region_discard((uintptr_t)address, (size_t)bytes);
}

NATIVE(jlong, Host, prepare)(JNIEnv *env, jclass class, jbyteArray text) {
    (void)class;
    char heap[JAVALLOC_HEAP_MAX] = {0};
    (*env)->GetByteArrayRegion(env, text, 0, (*env)->GetArrayLength(env, text), (jbyte *)heap);
    return (*env)->ExceptionCheck(env) ? 0 : (jlong)(uintptr_t)javalloc_host_prepare(heap);
}

NATIVE(void, Host, ready)(JNIEnv *env, jclass class) {
    (void)env, (void)class;
    javalloc_host_ready();
}

static bool bind_pages(JNIEnv *env) {
    JNINativeMethod methods[] = {
        {"commitPages", "(JJ)Z", (void *)Java_io_javalloc_bridge_SystemPages_commitPages},
        {"protectPages", "(JJZ)Z", (void *)Java_io_javalloc_bridge_SystemPages_protectPages},
        {"discardPages", "(JJ)Z", (void *)Java_io_javalloc_bridge_SystemPages_discardPages},
    };
    jclass class = (*env)->FindClass(env, "io/javalloc/bridge/SystemPages");
    return class != NULL && (*env)->RegisterNatives(env, class, methods, sizeof methods / sizeof *methods) == JNI_OK;
}

/*
 * ---- the operations through JNI, until there are upcall stubs ----
 * Making the first stub takes Java some 20 ms of processor time, as much as a third of the start. Most processes are
 * over before that pays: the stubs are made, on a thread beside the program, once it has called so often.
 *
 * The thread exists from the start, and waits. To create it when it is needed could wait for ever: glibc frees under
 * the lock that pthread_create wants (a thread's last block, when its stack leaves the cache), and a thread that is
 * inside Java and waits for that lock keeps the JVM from the safepoint that the lock's holder waits for.
 */

#define CALLS_WORTH_STUBS 1000
#define HELPER_STACK      ((size_t)1 << 20)

static jclass entry, operations;
static jmethodID jni_methods[6], make_stubs, describe_hang;
static _Atomic uint32_t calls_through_jni;
static sem_t helper_is_ready, stubs_are_wanted;

/* Calls a method of Entry. */
static bool ask_java(jmethodID method) {
    JNIEnv *env;
    JavaVMAttachArgs arguments = {JNI_VERSION_10, NULL, NULL};
    if ((*vm)->AttachCurrentThreadAsDaemon(vm, (void **)&env, &arguments) != JNI_OK)
        return false;
    (*env)->CallStaticVoidMethod(env, entry, method, (jlong)(uintptr_t)&bridge);
    (*env)->ExceptionClear(env);
    (*vm)->DetachCurrentThread(vm);
    return true;
}

/* Whether it is so within the patience that the user has with the heap. */
static bool stubs_are_wanted_now(void) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += options.patience_seconds;
    int failed;
    while ((failed = options.patience_seconds == 0 ? sem_wait(&stubs_are_wanted)
                                                   : sem_clockwait(&stubs_are_wanted, CLOCK_MONOTONIC, &until)) != 0 &&
           errno == EINTR)
        continue;
    return !failed;
}

/* A call that lasts that long is one that never ends, or is in the hands of a debugger: libc serves until it is back.
 */
static void watch(void) {
    static bool is_stuck;
    pid_t id = 0;
    unsigned count = thread_watch(&id);
    if ((count != 0) == is_stuck)
        return;
    if (is_stuck) {
        is_stuck = !route_go_on();
    } else if (route_get_stuck()) {
        is_stuck = true;
        snprintf(bridge.message, sizeof bridge.message, "the heap %s", bridge.heap);
        ask_java(describe_hang);
        report("a call has not come back for %u s or more: %s (%u thread%s, %d for one); libc serves the others",
               options.patience_seconds, bridge.message, count, count == 1 ? " waits" : "s wait", (int)id);
    }
}

static void *helper(void *unused) {
    (void)unused;
    pthread_setname_np(pthread_self(), "javalloc-helper");
    __libc_free(__libc_malloc(1));
    sem_post(&helper_is_ready);
    for (bool has_stubs = false; options.patience_seconds != 0 || !has_stubs;)
        if (stubs_are_wanted_now())
            has_stubs = ask_java(make_stubs); /* else JNI goes on serving */
        else
            watch();
    return NULL;
}

/* Without it JNI goes on serving. With a thread's first block glibc reserves 64 MiB of addresses for an arena: that is
 * to happen now, and not when the program has set a limit that leaves no room for it. */
static void start_helper(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    if (sem_init(&helper_is_ready, 0, 0) != 0 || sem_init(&stubs_are_wanted, 0, 0) != 0 ||
        pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setstacksize(&attributes, HELPER_STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (jvm_threads_create(&thread, &attributes, helper, NULL) == 0)
        while (sem_wait(&helper_is_ready) != 0)
            continue; /* EINTR */
    pthread_attr_destroy(&attributes);
}

static intptr_t call_operation(int which, uintptr_t a, uintptr_t b, uintptr_t c) {
    JNIEnv *env;
    jvalue arguments[] = {{.j = (jlong)a}, {.j = (jlong)b}, {.j = (jlong)c}};
    (*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_10); /* route.c: the caller is attached */
    if (unlikely(atomic_fetch_add_explicit(&calls_through_jni, 1, memory_order_relaxed) == CALLS_WORTH_STUBS))
        sem_post(&stubs_are_wanted);
    int before = cancellation_forbid();
    intptr_t answer = (*env)->CallStaticLongMethodA(env, operations, jni_methods[which], arguments);
    cancellation_allow(before);
    return answer;
}

#define THROUGH_JNI(which, name)                                                                                       \
    static intptr_t name##_through_jni(uintptr_t a, uintptr_t b, uintptr_t c) { return call_operation(which, a, b, c); }
THROUGH_JNI(0, allocate)
THROUGH_JNI(1, release)
THROUGH_JNI(2, resize)
THROUGH_JNI(3, usable_size)
THROUGH_JNI(4, inspect)
THROUGH_JNI(5, nothing)
#undef THROUGH_JNI

static bool bind_operations(JNIEnv *env) {
    static const char *const names[] = {"allocate", "release", "resize", "usableSize", "inspect", "nothing"};
    jclass found = (*env)->FindClass(env, "io/javalloc/bridge/Operations");
    operations = found == NULL ? NULL : (*env)->NewGlobalRef(env, found);
    for (int i = 0; i < 6; i++) {
        jni_methods[i] = operations == NULL ? NULL : (*env)->GetStaticMethodID(env, operations, names[i], "(JJJ)J");
        if (jni_methods[i] == NULL)
            return false;
    }
    return true;
}

static void serve_through_jni(void) {
    bridge.allocate = allocate_through_jni;
    bridge.release = release_through_jni;
    bridge.resize = resize_through_jni;
    bridge.usable_size = usable_size_through_jni;
    bridge.inspect = inspect_through_jni;
    bridge.nothing = nothing_through_jni;
}

static const char *call_entry(JNIEnv *env, int *exit_status) {
    jclass found = (*env)->FindClass(env, ENTRY_CLASS);
    if (found == NULL)
        return "javalloc.jar is missing or damaged: class " ENTRY_CLASS " not found";
    entry = (*env)->NewGlobalRef(env, found);
    make_stubs = (*env)->GetStaticMethodID(env, entry, "makeStubs", "(J)V");
    describe_hang = (*env)->GetStaticMethodID(env, entry, "describeHang", "(J)V");
    jmethodID start = (*env)->GetStaticMethodID(env, entry, "start", "(J)I");
    if (start == NULL || make_stubs == NULL || describe_hang == NULL || !bind_pages(env))
        return "javalloc.jar is of another build than libjavalloc.so";
    jint answer = (*env)->CallStaticIntMethod(env, entry, start, (jlong)(uintptr_t)&bridge);
    if ((*env)->ExceptionCheck(env))
        return "javalloc.jar failed to start";
    if (answer == JAVALLOC_BAD_HEAP)
        *exit_status = EXIT_USAGE;
    if (answer == JAVALLOC_BAD_HEAP || answer == JAVALLOC_HEAP_FAILED)
        return bridge.message;
    if (answer != JAVALLOC_STARTED || !bind_operations(env))
        return "javalloc.jar is of another build than libjavalloc.so";
    serve_through_jni();
    start_helper();
    return NULL;
}

void jvm_load(const char *jdk) {
    static const char *const names[] = {"server/libjvm.so", "libjava.so", "libjimage.so",  "libzip.so",
                                        "libnet.so",        "libnio.so",  "libsimdsort.so"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[JDK_PATH_MAX + 32];
        snprintf(path, sizeof path, "%s/lib/%s", jdk, names[i]);
        dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    }
}

const char *jvm_start(const char *home, const char *java_home, int *exit_status) {
    static char message[JDK_PATH_MAX + JAVALLOC_MESSAGE_MAX];
    char path[JDK_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/lib/server/libjvm.so", java_home);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    create_function *create = NULL;
    if (library != NULL)
        *(void **)&create = dlsym(library, "JNI_CreateJavaVM");
    if (create == NULL) {
        snprintf(message, sizeof message, "%s cannot be loaded", path);
        return message;
    }
    struct arguments arguments = {.count = 0};
    add_options(&arguments, home);
    JavaVMInitArgs init = {JNI_VERSION_10, arguments.count, arguments.options, JNI_FALSE};
    jint result = try_to_create(create, &init);
    thread_self.attached = result == JNI_OK; /* as the thread that the JVM calls main */
    if (result != JNI_OK) {
        snprintf(message, sizeof message, "the JVM of %s did not start: %s", java_home, last_words());
        return message;
    }
    JNIEnv *env;
    (*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_10);
    return call_entry(env, exit_status);
}

/* ---- threads ---- */

bool jvm_attach(bool *by_us) {
    JNIEnv *env;
    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_10) == JNI_OK)
        return true;
    JavaVMAttachArgs arguments = {JNI_VERSION_10, NULL, NULL};
    *by_us = (*vm)->AttachCurrentThreadAsDaemon(vm, (void **)&env, &arguments) == JNI_OK;
    return *by_us;
}

void jvm_detach(void) { (*vm)->DetachCurrentThread(vm); }

/* ---- figures: every Java object made since, through JVMTI, which costs nothing while none is made ---- */

static _Atomic uint64_t allocated_bytes, gc_count;

/* What Java allocates to make the upcall stubs, on a thread of its own, is part of the start, though it comes later. */
static bool makes_stubs(void) {
    return thread_self.kind == THREAD_JVM && __atomic_load_n(&bridge.stubs_ready, __ATOMIC_RELAXED) == 0;
}

static void JNICALL on_object(jvmtiEnv *jvmti, JNIEnv *env, jthread thread, jobject object, jclass type, jlong bytes) {
    (void)jvmti, (void)env, (void)thread, (void)object, (void)type;
    if (!makes_stubs())
        allocated_bytes += (uint64_t)bytes;
}

static void JNICALL on_collection(jvmtiEnv *jvmti) {
    (void)jvmti;
    gc_count++;
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
               JVMTI_ERROR_NONE;
}

struct jvm_figures jvm_figures(void) {
    return (struct jvm_figures){allocated_bytes, gc_count};
}

/*
 * jni.c: what Java calls in C, and how C calls Java as long as there are no upcall stubs.
 *
 * Making the first stub takes Java some 20 ms of processor time, half as much as the start, each further one 4, and a
 * call through JNI some 70 ns more than one through a stub. Most processes are over before that pays: an operation gets
 * its stub, on a thread beside the program (helper.c), once it has been called so often. With magazines that is half a
 * million allocations or more.
 */
#include <jni.h>
#include <stdatomic.h>
#include <unistd.h>

#include "internal.h"

#ifndef CALLS_WORTH_A_STUB /* tests have them early */
#define CALLS_WORTH_A_STUB 20000
#endif

#define OF_ANOTHER_BUILD "javalloc.jar is of another build than libjavalloc.so"

static jclass entry, operations;
static jmethodID make_stub, describe_hang, jni_methods[BRIDGE_OPERATIONS];
static _Atomic uint32_t calls_through_jni[BRIDGE_OPERATIONS];

/* ---- what Java calls in C: Stubs, SystemPages and Host of io.javalloc.bridge ---- */

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

/* Of an array whose words are all zero, the pages that lie in it: they are read as zero again. A collector that copies
 * the array, or keeps it in memory that stays (a file, huge pages), loses and gains nothing. */
NATIVE(jboolean, SystemPages, discardZeros)(JNIEnv *env, jclass class, jlongArray zeros) {
    (void)class;
    jboolean is_copy = JNI_TRUE;
    size_t bytes = (size_t)(*env)->GetArrayLength(env, zeros) * sizeof(jlong);
    void *words = (*env)->GetPrimitiveArrayCritical(env, zeros, &is_copy);
    if (words == NULL) {
        (*env)->ExceptionClear(env);
        return false;
    }
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = ((uintptr_t)words + page - 1) & -page;
    uintptr_t end = ((uintptr_t)words + bytes) & -page;
    bool is_discarded = !is_copy && end > first && region_discard(first, end - first);
    (*env)->ReleasePrimitiveArrayCritical(env, zeros, words, JNI_ABORT);
    return is_discarded;
}

/* Java makes the last objects for a stub when it is called, and called often. It could be refused the memory for them,
 * and a stub lets no exception out: it ends the process. */
NATIVE(void, Stubs, exercise)(JNIEnv *env, jclass class, jlong stub, jint times) {
    (void)env, (void)class;
    javalloc_operation operation = (javalloc_operation)(uintptr_t)stub;
    while (times-- > 0)
        operation(0, 0, 0);
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

static bool bind(JNIEnv *env, const char *class_name, const JNINativeMethod *methods, jint count) {
    jclass class = (*env)->FindClass(env, class_name);
    bool is_bound = class != NULL && (*env)->RegisterNatives(env, class, methods, count) == JNI_OK;
    (*env)->DeleteLocalRef(env, class);
    return is_bound;
}

static bool bind_pages(JNIEnv *env) {
    static const JNINativeMethod methods[] = {
        {"commitPages", "(JJ)Z", (void *)Java_io_javalloc_bridge_SystemPages_commitPages},
        {"protectPages", "(JJZ)Z", (void *)Java_io_javalloc_bridge_SystemPages_protectPages},
        {"discardPages", "(JJ)Z", (void *)Java_io_javalloc_bridge_SystemPages_discardPages},
        {"discardZeros", "([J)Z", (void *)Java_io_javalloc_bridge_SystemPages_discardZeros},
    };
    return bind(env, "io/javalloc/bridge/SystemPages", methods, sizeof methods / sizeof *methods);
}

NATIVE(jboolean, Stubs, hold)(JNIEnv *env, jclass class) {
    (void)env, (void)class;
    return gate_hold();
}

NATIVE(void, Stubs, letGo)(JNIEnv *env, jclass class) {
    (void)env, (void)class;
    gate_let_go();
}

static bool bind_stubs(JNIEnv *env) {
    static const JNINativeMethod methods[] = {
        {"exercise", "(JI)V", (void *)Java_io_javalloc_bridge_Stubs_exercise},
        {"hold", "()Z", (void *)Java_io_javalloc_bridge_Stubs_hold},
        {"letGo", "()V", (void *)Java_io_javalloc_bridge_Stubs_letGo},
    };
    return bind(env, "io/javalloc/bridge/Stubs", methods, sizeof methods / sizeof *methods);
}

/* ---- the operations ---- */

static intptr_t call_operation(int which, uintptr_t a, uintptr_t b, uintptr_t c) {
    JNIEnv *env = jvm_environment(); /* route.c: the caller is attached */
    jvalue arguments[] = {{.j = (jlong)a}, {.j = (jlong)b}, {.j = (jlong)c}};
    if (unlikely(atomic_fetch_add_explicit(&calls_through_jni[which], 1, memory_order_relaxed) == CALLS_WORTH_A_STUB))
        helper_make_stub(which);
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
THROUGH_JNI(5, fill)
THROUGH_JNI(6, flush)
THROUGH_JNI(7, nothing)
#undef THROUGH_JNI

static bool bind_operations(JNIEnv *env) {
    static const char *const names[BRIDGE_OPERATIONS] = {"allocate", "release", "resize", "usableSize",
                                                         "inspect",  "fill",    "flush",  "nothing"};
    jclass found = (*env)->FindClass(env, "io/javalloc/bridge/Operations");
    operations = found == NULL ? NULL : (*env)->NewGlobalRef(env, found);
    for (int i = 0; i < BRIDGE_OPERATIONS; i++) {
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
    bridge.fill = fill_through_jni;
    bridge.flush = flush_through_jni;
    bridge.nothing = nothing_through_jni;
}

/* ---- Entry ---- */

void jni_make_stub(int operation) {
    bool is_by_us = false;
    if (!jvm_attach(&is_by_us))
        return;
    JNIEnv *env = jvm_environment();
    if (bind_stubs(env))
        (*env)->CallStaticVoidMethod(env, entry, make_stub, (jlong)(uintptr_t)&bridge, (jint)operation);
    (*env)->ExceptionClear(env);
}

void jni_describe_hang(void) {
    bool is_by_us = false;
    if (!jvm_attach(&is_by_us))
        return;
    JNIEnv *env = jvm_environment();
    (*env)->CallStaticVoidMethod(env, entry, describe_hang, (jlong)(uintptr_t)&bridge);
    (*env)->ExceptionClear(env);
}

const char *jni_start(int *exit_status) {
    JNIEnv *env = jvm_environment();
    jclass found = (*env)->FindClass(env, "io/javalloc/bridge/Entry");
    if (found == NULL)
        return "javalloc.jar is missing or damaged: class "
               "io.javalloc.bridge.Entry not found";
    entry = (*env)->NewGlobalRef(env, found);
    make_stub = (*env)->GetStaticMethodID(env, entry, "makeStub", "(JI)V");
    describe_hang = (*env)->GetStaticMethodID(env, entry, "describeHang", "(J)V");
    jmethodID start = (*env)->GetStaticMethodID(env, entry, "start", "(J)I");
    if (start == NULL || make_stub == NULL || describe_hang == NULL || !bind_pages(env))
        return OF_ANOTHER_BUILD;
    jint answer = (*env)->CallStaticIntMethod(env, entry, start, (jlong)(uintptr_t)&bridge);
    if ((*env)->ExceptionCheck(env))
        return "javalloc.jar failed to start";
    if (answer == JAVALLOC_BAD_HEAP)
        *exit_status = EXIT_USAGE;
    if (answer == JAVALLOC_BAD_HEAP || answer == JAVALLOC_HEAP_FAILED)
        return bridge.message;
    if (answer != JAVALLOC_STARTED || !bind_operations(env))
        return OF_ANOTHER_BUILD;
    serve_through_jni();
    return NULL;
}

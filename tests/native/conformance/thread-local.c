/* thread-local.c: a library with storage for each thread, for loader-tls.c. */
static __thread int calls;

int count(void) { return ++calls; }

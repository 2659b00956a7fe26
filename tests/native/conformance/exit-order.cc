/* exit-order.cc: allocation works from the first constructor to the last destructor, in the order of the C++ standard
 * and glibc, which is printed; while threads go on allocating. hosted: no */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>

namespace {

const char *const order[] = {
    "constructor",
    "static object: constructed",
    "main",
    "thread_local of a thread: constructed",
    "thread_local of a thread: destroyed",
    "key destructor, round 1",
    "key destructor, round 2",
    "key destructor, round 3",
    "key destructor, round 4",
    "at_quick_exit handler of a child",
    "main returns",
    "thread_local of main: destroyed",
    "atexit handler",
    "on_exit handler",
    "static of main: destroyed",
    "static object: destroyed",
    "destructor",
};
size_t next;

void happens(const char *event) {
    CHECK(strcmp(event, order[next]) == 0, "%s, before: %s", event, order[next]);
    next++;
    printf("%s\n", event);
}

/* A block that knows what is in it; the sizes go through every kind of class. */
class Block {
  public:
    explicit Block(size_t size) : bytes(static_cast<char *>(malloc(size))), size(size), tag(size) {
        CHECK(bytes != nullptr);
        fill(bytes, size, tag);
    }
    Block(const Block &) = delete;
    Block &operator=(const Block &) = delete;
    ~Block() {
        verify(bytes, size, tag);
        free(bytes);
    }
    void grow() {
        bytes = static_cast<char *>(realloc(bytes, 2 * size));
        CHECK(bytes != nullptr);
        verify(bytes, size, tag);
        size *= 2;
        fill(bytes, size, tag);
    }

  private:
    char *bytes;
    size_t size;
    uint64_t tag;
};

void use_the_heap() {
    Block small(40), large(300000);
    Block *on_the_heap = new Block(1000); /* operator new is libstdc++'s, and calls malloc */
    small.grow();
    large.grow();
    on_the_heap->grow();
    delete on_the_heap;
}

struct Announced {
    const char *end;
    Block block;
    Announced(const char *begin, const char *end, size_t size) : end(end), block(size) {
        if (begin != nullptr)
            happens(begin);
        use_the_heap();
    }
    ~Announced() {
        happens(end);
        block.grow();
        use_the_heap();
    }
};

Block *from_the_first_constructor;

__attribute__((constructor(101))) void first_constructor() {
    happens("constructor");
    from_the_first_constructor = new Block(500);
    use_the_heap();
}

Announced static_object("static object: constructed", "static object: destroyed", 700);

__attribute__((destructor(101))) void last_destructor() {
    happens("destructor");
    from_the_first_constructor->grow();
    delete from_the_first_constructor;
    use_the_heap();
    check_end();
}

/* ---- threads ---- */

pthread_key_t key;
int rounds;

/* Sets its key again, so that glibc calls it in each of its PTHREAD_DESTRUCTOR_ITERATIONS rounds; the last one only
 * frees. */
void key_destructor(void *value) {
    delete static_cast<Block *>(value);
    use_the_heap();
    if (++rounds < 4)
        CHECK_EQ(pthread_setspecific(key, new Block(100u * static_cast<unsigned>(rounds))), 0);
    char event[40];
    snprintf(event, sizeof event, "key destructor, round %d", rounds);
    happens(event);
}

void *thread_with_destructors(void *) {
    thread_local Announced thread_object("thread_local of a thread: constructed", "thread_local of a thread: destroyed",
                                         900);
    escape(&thread_object);
    CHECK_EQ(pthread_setspecific(key, new Block(2000)), 0);
    use_the_heap();
    return new Block(3000);
}

void *allocate_for_ever(void *) {
    for (;;)
        use_the_heap();
    return nullptr;
}

void run_a_thread_to_its_end() {
    pthread_t thread;
    void *block;
    CHECK_EQ(pthread_key_create(&key, key_destructor), 0);
    CHECK_EQ(pthread_create(&thread, nullptr, thread_with_destructors, nullptr), 0);
    CHECK_EQ(pthread_join(thread, &block), 0);
    delete static_cast<Block *>(block);
    CHECK_EQ(rounds, 4);
}

/* ---- exit ---- */

void at_quick_exit_handler() {
    use_the_heap();
    happens("at_quick_exit handler of a child");
    fflush(stdout);
}

void quick_exit_in_a_child() {
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        check_watchdog(20, "leaves by quick_exit");
        CHECK_EQ(at_quick_exit(at_quick_exit_handler), 0);
        quick_exit(7);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "wait status 0x%x", status);
    next++; /* it happened there */
}

void atexit_handler() {
    happens("atexit handler");
    use_the_heap();
}

void on_exit_handler(int status, void *block) {
    CHECK_EQ(status, 0);
    happens("on_exit handler");
    delete static_cast<Block *>(block);
    use_the_heap();
}

} // namespace

int main(int argc, char **argv) {
    check_begin("exit-order", argc, argv);
    happens("main");
    thread_local Announced main_object(nullptr, "thread_local of main: destroyed", 1100);
    static Announced local_static(nullptr, "static of main: destroyed", 1300);
    use_the_heap();
    run_a_thread_to_its_end();
    quick_exit_in_a_child();
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, nullptr, allocate_for_ever, nullptr), 0);
        CHECK_EQ(pthread_detach(thread), 0);
    }
    CHECK_EQ(on_exit(on_exit_handler, new Block(4000)), 0);
    CHECK_EQ(atexit(atexit_handler), 0);
    happens("main returns");
    return 0; /* the last destructor prints ok */
}

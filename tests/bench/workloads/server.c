/*
 * server: 4 threads answer requests. Each takes a context (zeroed), some header lines, a body, and an answer that grows
 * as it is written, and gives all of it back at its end; one request in 8 also replaces a session, in a table that all
 * threads share, so that sessions live for long and end on other threads.
 */
#include "workload.h"

#include <stdatomic.h>

#define REQUESTS       3600000
#define SESSIONS       8192
#define SESSION_EVERY  8
#define MOST_HEADERS   16
#define FEWEST_HEADERS 8
#define CONTEXT        248
#define FIRST_ANSWER   512

struct session {
    uint32_t stamped;
    uint32_t size;
};

struct worker {
    struct random random;
    size_t requests, operations;
};

static _Atomic(struct session *) sessions[SESSIONS];

static void end_session(struct session *session, struct worker *worker) {
    if (session != NULL) {
        give(session, session->size);
        worker->operations++;
    }
}

static void begin_session(struct worker *worker) {
    size_t size = random_size(&worker->random, 6, 11);
    struct session *session = take(size);
    session->size = (uint32_t)size;
    worker->operations++;
    end_session(atomic_exchange(&sessions[below(&worker->random, SESSIONS)], session), worker);
}

static void answer(struct worker *worker) {
    size_t end = random_size(&worker->random, 9, 15), size = FIRST_ANSWER;
    void *text = take(size);
    while (size < end) {
        text = resize(text, size, 2 * size);
        size *= 2;
        worker->operations++;
    }
    give(text, size);
    worker->operations += 2;
}

static void serve(struct worker *worker) {
    void *headers[MOST_HEADERS];
    size_t sizes[MOST_HEADERS];
    void *context = take_zeroed(CONTEXT);
    size_t count = FEWEST_HEADERS + below(&worker->random, MOST_HEADERS - FEWEST_HEADERS + 1);
    for (size_t i = 0; i < count; i++) {
        sizes[i] = random_size(&worker->random, 4, 7);
        headers[i] = take(sizes[i]);
    }
    size_t body_size = random_size(&worker->random, 8, 14);
    void *body = take(body_size);
    answer(worker);
    give(body, body_size);
    for (size_t i = 0; i < count; i++)
        give(headers[i], sizes[i]);
    give(context, CONTEXT);
    worker->operations += 2 * (count + 2);
}

static void work(void *argument) {
    struct worker *worker = argument;
    for (size_t i = 0; i < worker->requests; i++) {
        serve(worker);
        if (i % SESSION_EVERY == 0)
            begin_session(worker);
    }
}

size_t server(double scale) {
    static struct worker workers[THREADS];
    for (int i = 0; i < THREADS; i++)
        workers[i] = (struct worker){seeded(50 + (uint64_t)i), scaled(REQUESTS / THREADS, scale), 0};
    on_threads(THREADS, work, workers, sizeof *workers);
    for (size_t i = 0; i < SESSIONS; i++)
        end_session(atomic_exchange(&sessions[i], NULL), &workers[0]);
    size_t operations = 0;
    for (int i = 0; i < THREADS; i++)
        operations += workers[i].operations;
    return operations;
}

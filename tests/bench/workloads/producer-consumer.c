/*
 * producer-consumer: 2 threads take blocks and send them in messages of 100 through a queue to 2 others, which read
 * them and give them back: memory flows in one direction, and has to come back.
 */
#include "workload.h"

#include <pthread.h>

#define MESSAGES  320000
#define BLOCKS    100
#define QUEUE     64
#define PRODUCERS (THREADS / 2)
#define SALT      30

struct message {
    uint32_t stamped;
    uint32_t sizes[BLOCKS];
    void *blocks[BLOCKS];
    uint32_t end;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t is_less, is_more;
    struct message *messages[QUEUE];
    size_t sent, received, expected;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .is_less = PTHREAD_COND_INITIALIZER, .is_more = PTHREAD_COND_INITIALIZER};

static void put(struct message *message) {
    pthread_mutex_lock(&queue.lock);
    while (queue.sent - queue.received == QUEUE)
        pthread_cond_wait(&queue.is_less, &queue.lock);
    queue.messages[queue.sent++ % QUEUE] = message;
    if (queue.sent == queue.expected)
        pthread_cond_broadcast(&queue.is_more); /* the last one: who still waits need not wait on */
    else
        pthread_cond_signal(&queue.is_more);
    pthread_mutex_unlock(&queue.lock);
}

/* NULL if all have come. */
static struct message *get(void) {
    struct message *message = NULL;
    pthread_mutex_lock(&queue.lock);
    while (queue.sent == queue.received && queue.sent < queue.expected)
        pthread_cond_wait(&queue.is_more, &queue.lock);
    if (queue.received < queue.sent) {
        message = queue.messages[queue.received++ % QUEUE];
        pthread_cond_signal(&queue.is_less);
    }
    pthread_mutex_unlock(&queue.lock);
    return message;
}

static void produce(size_t messages, uint64_t seed) {
    struct random random = seeded(seed);
    for (size_t i = 0; i < messages; i++) {
        struct message *message = take(sizeof *message);
        for (int k = 0; k < BLOCKS; k++) {
            message->sizes[k] = (uint32_t)random_size(&random, 5, 9);
            message->blocks[k] = take(message->sizes[k]);
        }
        put(message);
    }
}

static void consume(void) {
    for (struct message *message = get(); message != NULL; message = get()) {
        for (int k = 0; k < BLOCKS; k++)
            give(message->blocks[k], message->sizes[k]);
        give(message, sizeof *message);
    }
}

struct role {
    size_t messages; /* to produce; 0: a consumer */
    uint64_t seed;
};

static void play(void *argument) {
    struct role *role = argument;
    if (role->messages > 0)
        produce(role->messages, role->seed);
    else
        consume();
}

size_t producer_consumer(double scale) {
    struct role roles[THREADS] = {{0, 0}};
    size_t messages = scaled(MESSAGES / PRODUCERS, scale);
    for (uint64_t i = 0; i < PRODUCERS; i++)
        roles[i] = (struct role){messages, SALT + i};
    queue.expected = PRODUCERS * messages;
    on_threads(THREADS, play, roles, sizeof *roles);
    return 2 * PRODUCERS * messages * (BLOCKS + 1);
}

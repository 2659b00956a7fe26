/*
 * gate.c: whether Java serves in this process now. The word lies in a page that the kernel wipes in a forked child
 * (MADV_WIPEONFORK), so no child, made in whatever way, calls into a JVM whose threads did not come along.
 *
 * Who closes the gate for a moment waits until nobody is inside: see route.c for why they are all seen.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* With others, until they are outside: for a moment at first, since one of them may have lost its processor while it is
 * inside, and meanwhile nobody else gets in; then twice as long each time, so often. And with who holds the route,
 * which takes milliseconds, if there is a processor. */
#define PATIENCE_WITH_OTHERS 250000L
#define LOG_MOST_PATIENCE    6
#define PATIENCE_WITH_HOLDER 1000000000L
#define WAKE_UP_NANOSECONDS  10000000L

static _Atomic uint32_t shut_gate = GATE_SHUT;

_Atomic uint32_t *gate = &shut_gate;

bool gate_prepare(void) {
    long page = sysconf(_SC_PAGESIZE);
    void *fresh = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED)
        return false;
    _Atomic uint32_t *page_gate = fresh;
    *page_gate = GATE_SHUT;
    /* Before Linux 4.14: EINVAL. Then fork's handler (boot.c) is what closes the gate. */
    madvise(fresh, (size_t)page, MADV_WIPEONFORK);
    gate = page_gate;
    return true;
}

/* Who holds the route wants no lock that a caller could have, but in case. It wants a processor, which callers leave to
 * it. */
void gate_wait_while_held(void) {
    if (likely(gate_state() != GATE_HELD))
        return;
    int saved = errno;
    const struct timespec moment = {.tv_nsec = WAKE_UP_NANOSECONDS};
    long until = process_nanoseconds() + PATIENCE_WITH_HOLDER;
    while (gate_state() == GATE_HELD && process_nanoseconds() < until)
        syscall(SYS_futex, gate, FUTEX_WAIT_PRIVATE, GATE_HELD, &moment, NULL, 0);
    errno = saved;
}

static void set_gate(enum gate_state state) { atomic_store_explicit(gate, state, memory_order_seq_cst); }

void gate_open(void) { set_gate(GATE_OPEN); }

bool gate_is_open(void) {
    uint32_t state = gate_state();
    return state == GATE_OPEN || state == GATE_PAUSED || state == GATE_HELD || state == GATE_STUCK ||
           state == GATE_ASLEEP;
}

bool gate_is_paused(void) { return gate_state() == GATE_PAUSED; }

bool gate_is_undecided(void) { return gate_state() == GATE_WIPED; }

bool gate_is_asleep(void) { return gate_state() == GATE_ASLEEP; }

bool gate_is_child(void) { return gate_state() == GATE_WIPED || gate_state() == GATE_LOST; }

static bool change_gate(enum gate_state from, enum gate_state to) {
    uint32_t state = from;
    return atomic_compare_exchange_strong(gate, &state, to);
}

/* Who holds it may let go of it, and hold it again. */
bool gate_pause(void) {
    long until = process_nanoseconds() + PATIENCE_WITH_HOLDER;
    while (!change_gate(GATE_OPEN, GATE_PAUSED)) {
        uint32_t state = gate_state();
        if ((state != GATE_OPEN && state != GATE_HELD) || process_nanoseconds() > until)
            return false;
        gate_wait_while_held();
    }
    return true;
}

/* It changes before the gate is held, and before it is let go. */
static _Atomic uint32_t holds;

uint32_t gate_holds(void) { return holds + (gate_state() == GATE_HELD); }

bool gate_hold(void) {
    static unsigned refusals;
    if (!gate_is_open())
        return true; /* nobody comes yet */
    holds++;
    if (!change_gate(GATE_OPEN, GATE_HELD))
        return false;
    bool is_held = thread_wait_outside(process_nanoseconds() + (PATIENCE_WITH_OTHERS << refusals));
    if (!is_held)
        gate_let_go();
    refusals = is_held ? refusals / 2 : refusals + (refusals < LOG_MOST_PATIENCE);
    return is_held;
}

void gate_let_go(void) {
    holds++;
    if (change_gate(GATE_HELD, GATE_OPEN))
        syscall(SYS_futex, gate, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

bool gate_get_stuck(void) { return change_gate(GATE_OPEN, GATE_STUCK); }

bool gate_go_on(void) { return change_gate(GATE_STUCK, GATE_OPEN); }

void gate_resume(void) { set_gate(GATE_OPEN); }

void gate_fall_asleep(void) { set_gate(GATE_ASLEEP); }

void gate_lose_java(void) {
    set_gate(GATE_LOST);
    route_forget_deferred();
}

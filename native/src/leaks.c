/*
 * leaks.c: what is still live at the end of a process, grouped by the place where it was asked for, largest first
 * (JAVALLOC_LEAKS): text for people, JSON for tools. Live is what was not freed, whether something points to it or not;
 * what the C library, the loader and libstdc++ keep for themselves to the end is no leak of the program's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define SHOWN 50 /* places in the text; JSON has all */

struct leaks {
    struct javalloc_site *sites; /* by number of the place; 0: not known */
    uint32_t *order;             /* numbers of those with live blocks, largest first */
    size_t shown, places;
    struct javalloc_site total, kept; /* kept: by the libraries, for themselves; not in the total */
};

static void *map(size_t bytes) {
    void *fresh = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return fresh == MAP_FAILED ? NULL : fresh;
}

static bool is_larger(const struct javalloc_site *a, const struct javalloc_site *b) {
    return a->bytes != b->bytes ? a->bytes > b->bytes : a->blocks > b->blocks;
}

static void sort(struct leaks *all) {
    for (size_t gap = all->places / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < all->places; i++) {
            uint32_t number = all->order[i];
            size_t j = i;
            for (; j >= gap && is_larger(&all->sites[number], &all->sites[all->order[j - gap]]); j -= gap)
                all->order[j] = all->order[j - gap];
            all->order[j] = number;
        }
}

/* ---- what libraries keep for themselves ---- */

/* What these have allocated they use again; no call gives it back. */
static const char *const keepers[] = {"setlocale",     "textdomain",     "bindtextdomain", "tzset",
                                      "getpwnam",      "getpwuid",       "getgrnam",       "getgrgid",
                                      "getservbyname", "atexit",         "on_exit",        "__cxa_atexit",
                                      "gethostbyname", "pthread_create", "backtrace",      "dlerror"};

static const char *module_of(uintptr_t caller, Dl_info *info) {
    if (dladdr((const void *)(caller - 1), info) == 0 || info->dli_fname == NULL)
        return "";
    const char *slash = strrchr(info->dli_fname, '/');
    return slash == NULL ? info->dli_fname : slash + 1;
}

static bool starts_with(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

static bool is_named(const Dl_info *info, const char *name) {
    return info->dli_sname != NULL && strcmp(info->dli_sname, name) == 0;
}

static bool is_keeper(const Dl_info *info) {
    for (size_t i = 0; i < sizeof keepers / sizeof *keepers; i++)
        if (is_named(info, keepers[i]))
            return true;
    return false;
}

static bool is_kept(const struct place *place) {
    Dl_info inner, outer;
    const char *module = module_of(place->callers[0], &inner);
    if (starts_with(module, "ld-linux") || is_named(&inner, "_IO_file_doallocate")) /* a stream's buffer */
        return true;
    if (starts_with(module, "libstdc++")) /* the pool for exceptions, when the library is initialised */
        return place->depth > 1 && starts_with(module_of(place->callers[1], &outer), "ld-linux");
    for (uint32_t i = 0; i < place->depth && starts_with(module_of(place->callers[i], &outer), "libc.so"); i++)
        if (is_keeper(&outer))
            return true;
    return false;
}

static void add(struct javalloc_site *sum, const struct javalloc_site *site) {
    sum->blocks += site->blocks;
    sum->bytes += site->bytes;
}

static bool collect(struct leaks *all) {
    uint32_t numbers = places_count() + 1;
    all->sites = map(numbers * sizeof *all->sites);
    all->order = map(numbers * sizeof *all->order);
    intptr_t answer;
    if (all->sites == NULL || all->order == NULL ||
        !route_inspect(JAVALLOC_LEAKS, (uintptr_t)all->sites, numbers, &answer))
        return false;
    for (uint32_t i = 0; i < numbers; i++) {
        if (all->sites[i].blocks == 0)
            continue;
        if (i != 0 && is_kept(places_get(i))) {
            add(&all->kept, &all->sites[i]);
            continue;
        }
        all->order[all->places++] = i;
        add(&all->total, &all->sites[i]);
    }
    sort(all);
    all->shown = options.leaks_file[0] != '\0' || all->places < SHOWN ? all->places : SHOWN;
    return true;
}

static bool is_first(const uintptr_t *addresses, size_t count, uintptr_t address) {
    return count == 0 || addresses[count - 1] != address;
}

/* The names of all return addresses that will be shown. */
static void learn_names(const struct leaks *all) {
    size_t most = all->shown * PLACE_DEPTH + 1, count = 0;
    uintptr_t *addresses = map(most * sizeof *addresses);
    for (size_t i = 0; addresses != NULL && i < all->shown; i++) {
        const struct place *place = all->order[i] == 0 ? NULL : places_get(all->order[i]);
        for (uint32_t frame = 0; place != NULL && frame < place->depth; frame++)
            if (is_first(addresses, count, place->callers[frame]))
                addresses[count++] = place->callers[frame];
    }
    if (addresses != NULL)
        symbols_learn(addresses, count);
}

/* ---- for people ---- */

static const char *plural(size_t count) { return count == 1 ? "" : "s"; }

static void write_symbol(struct output *to, unsigned frame, const struct symbol *symbol) {
    output(to, "      #%-2u %s", frame, symbol->function == NULL ? "?" : symbol->function);
    if (symbol->file != NULL)
        output(to, "  %s\n", symbol->file);
    else
        output(to, "  %s+0x%zx\n", symbol->module, (size_t)symbol->offset);
}

static void write_place(struct output *to, const struct place *place) {
    unsigned shown = 0;
    struct symbol symbol;
    for (uint32_t frame = 0; frame < place->depth; frame++)
        for (unsigned level = 0; symbols_find(place->callers[frame], level, &symbol); level++)
            write_symbol(to, shown++, &symbol);
}

static void write_text(const struct leaks *all) {
    struct output to;
    if (!output_open(&to, "-", "the leaks"))
        return;
    output(&to, "javalloc: %s[%d] leaves %zu block%s with %zu byte%s live\n", program_invocation_short_name,
           (int)getpid(), all->total.blocks, plural(all->total.blocks), all->total.bytes, plural(all->total.bytes));
    for (size_t i = 0; i < all->places && i < SHOWN; i++) {
        uint32_t number = all->order[i];
        const struct javalloc_site *site = &all->sites[number];
        output(&to, "  %zu byte%s in %zu block%s, from\n", site->bytes, plural(site->bytes), site->blocks,
               plural(site->blocks));
        if (number == 0)
            output(&to, "      a place that is not known\n");
        else
            write_place(&to, places_get(number));
    }
    if (all->places > SHOWN)
        output(&to, "  and from %zu places more\n", all->places - SHOWN);
    if (all->kept.blocks > 0)
        output(&to, "  besides, libraries keep %zu byte%s in %zu block%s for themselves\n", all->kept.bytes,
               plural(all->kept.bytes), all->kept.blocks, plural(all->kept.blocks));
    output_close(&to);
}

/* ---- for tools ---- */

static void write_symbol_json(struct output *to, const struct symbol *symbol) {
    output(to, "{\"module\": ");
    output_string(to, symbol->module);
    output(to, ", \"offset\": \"0x%zx\", \"function\": ", (size_t)symbol->offset);
    if (symbol->function == NULL)
        output(to, "null");
    else
        output_string(to, symbol->function);
    output(to, ", \"source\": ");
    if (symbol->file == NULL)
        output(to, "null");
    else
        output_string(to, symbol->file);
    output(to, "}");
}

static void write_place_json(struct output *to, const struct place *place) {
    const char *between = "\n    ";
    struct symbol symbol;
    for (uint32_t frame = 0; frame < place->depth; frame++)
        for (unsigned level = 0; symbols_find(place->callers[frame], level, &symbol); level++) {
            output(to, "%s", between);
            write_symbol_json(to, &symbol);
            between = ",\n    ";
        }
}

static void write_json(const struct leaks *all) {
    struct output to;
    if (!output_open(&to, options.leaks_file, "the leaks"))
        return;
    output(&to, "{\"heap\": ");
    output_string(&to, bridge.heap);
    output(&to, ", \"pid\": %d, \"program\": ", (int)getpid());
    output_string(&to, program_invocation_name);
    output(&to,
           ", \"live\": {\"blocks\": %zu, \"bytes\": %zu}, \"kept_by_libraries\": {\"blocks\": %zu, \"bytes\": %zu}",
           (size_t)all->total.blocks, (size_t)all->total.bytes, (size_t)all->kept.blocks, (size_t)all->kept.bytes);
    output(&to, ", \"places\": [");
    for (size_t i = 0; i < all->places; i++) {
        uint32_t number = all->order[i];
        output(&to, "%s\n  {\"blocks\": %zu, \"bytes\": %zu, \"stack\": [", i == 0 ? "" : ",",
               (size_t)all->sites[number].blocks, (size_t)all->sites[number].bytes);
        if (number != 0)
            write_place_json(&to, places_get(number));
        output(&to, "]}");
    }
    output(&to, "]}\n");
    output_close(&to);
}

bool leaks_write(void) {
    struct leaks all = {0};
    if (!collect(&all))
        return false;
    if (all.places > 0)
        learn_names(&all);
    if (options.leaks_file[0] != '\0')
        write_json(&all);
    if (options.leaks_text && all.places > 0)
        write_text(&all);
    return options.leaks_fail && all.total.blocks > 0;
}

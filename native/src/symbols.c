/*
 * symbols.c: names for return addresses, at the end of a process: function, file and line from the debugging
 * information by addr2line of the binutils, and where that is missing the nearest exported function.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

extern char **environ;

#define MODULES_MAX     512
#define ENVIRONMENT_MAX 1024
#define MANY            2000

struct module {
    uintptr_t base, low, high;
    const char *path;
    bool has_symtab; /* so that functions which are not exported have names, too */
    size_t first, count;
};

static struct module modules[MODULES_MAX];
static size_t module_count;
static const uintptr_t *known; /* sorted */
static size_t known_count;
static char **answers; /* by known address: addr2line's lines, each ended by a NUL; an empty one behind the last */

/* ---- modules ---- */

static int add_module(struct dl_phdr_info *info, size_t size, void *unused) {
    static char program[JDK_PATH_MAX];
    (void)size, (void)unused;
    if (module_count == MODULES_MAX)
        return 1;
    struct module *module = &modules[module_count++];
    *module = (struct module){.base = info->dlpi_addr, .low = UINTPTR_MAX, .path = info->dlpi_name};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr, end = start + header->p_memsz;
        if (header->p_type != PT_LOAD)
            continue;
        module->low = start < module->low ? start : module->low;
        module->high = end > module->high ? end : module->high;
    }
    if (info->dlpi_name[0] == '\0' && module_count == 1) {
        ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
        program[length < 0 ? 0 : length] = '\0';
        module->path = program;
    }
    return 0;
}

static struct module *module_of(uintptr_t address) {
    for (size_t i = 0; i < module_count; i++)
        if (address - modules[i].low < modules[i].high - modules[i].low)
            return &modules[i];
    return NULL;
}

/* Whether the file has its full symbol table. Without it addr2line would name the nearest of the exported functions. */
static bool has_symtab(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ElfW(Ehdr) header;
    bool found = false;
    if (file >= 0 && pread(file, &header, sizeof header, 0) == sizeof header)
        for (unsigned i = 0; i < header.e_shnum && !found; i++) {
            ElfW(Shdr) section;
            found =
                pread(file, &section, sizeof section, (off_t)(header.e_shoff + i * sizeof section)) == sizeof section &&
                section.sh_type == SHT_SYMTAB;
        }
    if (file >= 0)
        close(file);
    return found;
}

/* ---- asking addr2line ---- */

/* Without javalloc: it is not the program that the user wants to look at. */
static char **plain_environment(void) {
    static char *plain[ENVIRONMENT_MAX + 1];
    size_t n = 0;
    for (char **entry = environ; entry != NULL && *entry != NULL && n < ENVIRONMENT_MAX; entry++)
        if (strncmp(*entry, "LD_PRELOAD=", 11) != 0 && strncmp(*entry, "JAVALLOC", 8) != 0)
            plain[n++] = *entry;
    plain[n] = NULL;
    return plain;
}

static bool run_addr2line(const char *path, int questions, int reply) {
    char *arguments[] = {"addr2line", "-a", "-f", "-i", "-C", "-e", (char *)path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, questions, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, reply, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int error = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, plain_environment());
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    if (error == 0 && waitpid(child, &status, 0) == child)
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return error == 0; /* the program ignores SIGCHLD: the child has ended, its status is gone */
}

static void write_questions(int file, const struct module *module) {
    struct output to = {.file = file};
    for (size_t i = 0; i < module->count; i++) /* of the call, which is before where it returns to */
        output(&to, "0x%zx\n", (size_t)(known[module->first + i] - module->base - 1));
    to.is_stderr = true; /* stays open */
    output_close(&to);
    lseek(file, 0, SEEK_SET);
}

static char *read_answers(int file) {
    struct stat stat;
    /* Two bytes more: NULs, behind all of the text and as an empty line. */
    if (fstat(file, &stat) != 0 || ftruncate(file, stat.st_size + 2) != 0)
        return NULL;
    char *text = mmap(NULL, (size_t)stat.st_size + 2, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    return text == MAP_FAILED ? NULL : text;
}

/*
 * For each address its own line, "0x...", then two for the function and those that it is inlined in, innermost first.
 * The lines are moved together, each ended by a NUL; that of the next address becomes the empty one behind the last.
 */
static void take_answers(const struct module *module, char *text) {
    size_t next = 0;
    char *to = text;
    for (char *at = text, *end; at != NULL && *at != '\0'; at = end) {
        end = strchr(at, '\n');
        if (end != NULL)
            *end++ = '\0';
        char *note = strstr(at, " (discriminator ");
        size_t length = note == NULL ? strlen(at) : (size_t)(note - at);
        bool is_next = strncmp(at, "0x", 2) == 0 && next < module->count;
        if (is_next)
            length = 0;
        memmove(to, at, length);
        to[length] = '\0';
        to += length + 1;
        if (is_next)
            answers[module->first + next++] = to;
    }
    if (text != NULL)
        *to = '\0';
}

static void ask(struct module *module) {
    int questions = memfd_create("questions", MFD_CLOEXEC), reply = memfd_create("answers", MFD_CLOEXEC);
    module->has_symtab = has_symtab(module->path);
    if (questions >= 0 && reply >= 0) {
        write_questions(questions, module);
        if (run_addr2line(module->path, questions, reply))
            take_answers(module, read_answers(reply));
    }
    if (questions >= 0)
        close(questions);
    if (reply >= 0)
        close(reply);
}

/* ---- all together ---- */

static void sort(uintptr_t *values, size_t n) {
    for (size_t gap = n / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < n; i++) {
            uintptr_t value = values[i];
            size_t j = i;
            for (; j >= gap && values[j - gap] > value; j -= gap)
                values[j] = values[j - gap];
            values[j] = value;
        }
}

void symbols_learn(uintptr_t *addresses, size_t count) {
    module_count = 0;
    dl_iterate_phdr(add_module, NULL);
    sort(addresses, count);
    known = addresses;
    known_count = count;
    answers = mmap(NULL, (count + 1) * sizeof *answers, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (answers == MAP_FAILED) {
        known_count = 0;
        return;
    }
    if (count > MANY)
        report("looking up %zu places of the program ...", count);
    sigset_t before;
    signals_block_all(&before); /* SIGCHLD of our child is not the program's */
    for (size_t i = 0; i < count;) {
        struct module *module = module_of(addresses[i]);
        size_t first = i++;
        while (i < count && module_of(addresses[i]) == module)
            i++;
        if (module == NULL || module->path[0] != '/')
            continue;
        module->first = first;
        module->count = i - first;
        ask(module);
    }
    signals_restore(&before);
}

static const char *answer_of(uintptr_t address) {
    size_t low = 0, high = known_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (known[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < known_count && known[low] == address ? answers[low] : NULL;
}

static const char *next_line(const char *line) { return line + strlen(line) + 1; }

static const char *unless_unknown(const char *line) { return strncmp(line, "??", 2) == 0 ? NULL : line; }

bool symbols_find(uintptr_t address, unsigned level, struct symbol *symbol) {
    const struct module *module = module_of(address);
    symbol->module = module == NULL ? "?" : module->path;
    symbol->offset = module == NULL ? address : address - module->base;
    symbol->function = symbol->file = NULL;
    const char *line = answer_of(address);
    for (unsigned i = 0; line != NULL && i < level && *line != '\0'; i++)
        line = next_line(next_line(line));
    if (line != NULL && *line != '\0') {
        symbol->file = unless_unknown(next_line(line));
        if (symbol->file != NULL || (module != NULL && module->has_symtab))
            symbol->function = unless_unknown(line);
    } else if (level > 0) {
        return false;
    }
    Dl_info info;
    if (symbol->function == NULL && dladdr((void *)(address - 1), &info) != 0)
        symbol->function = info.dli_sname;
    return true;
}

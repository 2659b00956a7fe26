#!/usr/bin/env bash
# gcc and g++: a driver that starts a compiler, an assembler and a linker, and big heaps of small nodes in each.
# serves: gcc g++ cc1 cc1plus as ld nm objdump ./program ./templates
# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"
find_real gcc gcc
find_real gxx g++

cat >program.c <<'END'
/* A small interpreter: tokens, a tree on the heap, a table of names, and a sort; enough for every pass at -O2. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct node { char kind; double value; struct node *left, *right; char name[16]; } node;
typedef struct entry { char *name; double value; struct entry *next; } entry;

static entry *table[64];
static const char *at;

static unsigned hash(const char *s) { unsigned h = 5381; while (*s) h = h * 33 ^ (unsigned char)*s++; return h % 64; }

static double *variable(const char *name)
{
    unsigned h = hash(name);
    for (entry *e = table[h]; e; e = e->next)
        if (!strcmp(e->name, name)) return &e->value;
    entry *e = calloc(1, sizeof *e);
    e->name = strdup(name);
    e->next = table[h];
    table[h] = e;
    return &e->value;
}

static node *make(char kind, node *left, node *right)
{
    node *n = calloc(1, sizeof *n);
    n->kind = kind; n->left = left; n->right = right;
    return n;
}

static node *sum(void);

static node *atom(void)
{
    while (isspace((unsigned char)*at)) at++;
    if (*at == '(') { at++; node *n = sum(); while (*at != ')') at++; at++; return n; }
    if (*at == '-') { at++; return make('m', atom(), NULL); }
    if (isalpha((unsigned char)*at)) {
        node *n = make('v', NULL, NULL);
        for (int i = 0; isalnum((unsigned char)*at) && i < 15; i++) n->name[i] = *at++;
        return n;
    }
    char *end;
    node *n = make('n', NULL, NULL);
    n->value = strtod(at, &end);
    at = end;
    return n;
}

static node *product(void)
{
    node *n = atom();
    for (;;) {
        while (isspace((unsigned char)*at)) at++;
        if (*at != '*' && *at != '/') return n;
        char kind = *at++;
        n = make(kind, n, atom());
    }
}

static node *sum(void)
{
    node *n = product();
    for (;;) {
        while (isspace((unsigned char)*at)) at++;
        if (*at != '+' && *at != '-') return n;
        char kind = *at++;
        n = make(kind, n, product());
    }
}

static double evaluate(const node *n)
{
    switch (n->kind) {
    case 'n': return n->value;
    case 'v': return *variable(n->name);
    case 'm': return -evaluate(n->left);
    case '+': return evaluate(n->left) + evaluate(n->right);
    case '-': return evaluate(n->left) - evaluate(n->right);
    case '*': return evaluate(n->left) * evaluate(n->right);
    default: return evaluate(n->left) / evaluate(n->right);
    }
}

static void discard(node *n) { if (n) { discard(n->left); discard(n->right); free(n); } }

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    enum { rounds = 2000 };
    double *results = malloc(rounds * sizeof *results);
    char text[128];
    for (int i = 0; i < rounds; i++) {
        snprintf(text, sizeof text, "x%d * (%d + y) - -%d / (z%d + 3) * 2", i % 90, i, i % 7, i % 11);
        *variable("y") = i / 3.0;
        char name[16];
        snprintf(name, sizeof name, "x%d", i % 90);
        *variable(name) += i * 0.5;
        at = text;
        node *n = sum();
        results[i] = evaluate(n);
        discard(n);
    }
    qsort(results, rounds, sizeof *results, ascending);
    printf("%.3f %.3f %.3f\n", results[0], results[rounds / 2], results[rounds - 1]);
    free(results);
    for (int i = 0; i < 64; i++)
        while (table[i]) { entry *e = table[i]; table[i] = e->next; free(e->name); free(e); }
    return 17;
}
END

cat >templates.cpp <<'END'
#include <array>
#include <cstdio>
#include <utility>
#ifndef SMALL
#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>
#endif

// Types made of types: the compiler works, the program little.
template <int N> struct fibonacci { static constexpr long value = fibonacci<N - 1>::value + fibonacci<N - 2>::value; };
template <> struct fibonacci<1> { static constexpr long value = 1; };
template <> struct fibonacci<0> { static constexpr long value = 0; };
template <int... I> constexpr std::array<long, sizeof...(I)> series(std::integer_sequence<int, I...>) { return {fibonacci<I>::value...}; }
template <typename... T> struct list {};
template <typename L> struct size;
template <typename... T> struct size<list<T...>> { static constexpr int value = sizeof...(T); };
template <int N, typename... T> struct build : build<N - 1, std::array<char, N>, T...> {};
template <typename... T> struct build<0, T...> { using type = list<T...>; };

#ifdef SMALL
int main() { std::printf("%ld %d\n", series(std::make_integer_sequence<int, 40>{})[39], size<build<20>::type>::value); }
#else
struct shape { virtual ~shape() = default; virtual double area() const = 0; };
template <int Sides> struct polygon : shape { double side; explicit polygon(double s) : side(s) {} double area() const override { return side * side * Sides / 4; } };

int main()
{
    constexpr auto numbers = series(std::make_integer_sequence<int, 80>{});
    std::map<std::string, std::vector<std::unique_ptr<shape>>> shapes;
    for (int i = 0; i < 3000; i++) {
        auto &row = shapes["row number " + std::to_string(i % 37)];
        if (i % 2) row.push_back(std::make_unique<polygon<3>>(i)); else row.push_back(std::make_unique<polygon<8>>(i));
    }
    double total = 0;
    for (const auto &[name, row] : shapes) for (const auto &s : row) total += s->area();
    std::vector<std::string> words;
    for (const auto &[name, row] : shapes) words.push_back(name + "/" + std::to_string(row.size()));
    std::sort(words.rbegin(), words.rend());
    int caught = 0;
    for (int i = 0; i < 1000; i++) try { if (i % 3 == 0) throw std::runtime_error(words[i % words.size()]); } catch (const std::exception &e) { caught += e.what()[0] == 'r'; }
    std::printf("%ld %d %.1f %s %d\n", numbers[79], size<build<60>::type>::value, total, words.front().c_str(), caught);
    return caught == 334 ? 0 : 1;
}
#endif
END

section "C"
"$gcc" -std=gnu11 -Wall -Wextra -O2 -g -ffile-prefix-map="$PWD"=/source -c program.c
objdump -d program.o | sha256sum
objdump -d --no-show-raw-insn program.o | grep -c call
nm --defined-only program.o | cut -d' ' -f2- | sort | xargs echo
"$gcc" program.o -o program
expect 17 ./program
"$gcc" -std=gnu11 -O0 -S -o - program.c | sha256sum

section "C++"
size=WHOLE
(( SCALE >= 50 )) || size=SMALL  # without the containers, and half a million allocations fewer
"$gxx" -std=c++17 -O1 -D"$size" -ffile-prefix-map="$PWD"=/source -c templates.cpp
nm -C templates.o | cut -c 18- | sort | sha256sum
objdump -d templates.o | sha256sum
"$gxx" templates.o -o templates
./templates

section "an error"
printf 'int main(void) { return undeclared; }\n' >wrong.c
expect 1 "$gcc" -c wrong.c

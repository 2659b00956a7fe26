/*
 * gcc.c: what the benchmark lets gcc compile: maps, lists and sorts of several types, made from macros, PARTS times
 * (1 to 8), so that the compiler's lists and trees are those of a program of some size.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP(name, key, value)                                                                                          \
    struct name {                                                                                                      \
        size_t count, room;                                                                                            \
        struct {                                                                                                       \
            key at;                                                                                                    \
            value is;                                                                                                  \
            int used;                                                                                                  \
        } * places;                                                                                                    \
    };                                                                                                                 \
    size_t name##_place(const struct name *map, key at) {                                                              \
        size_t place = (size_t)at * 2654435761u % map->room;                                                           \
        while (map->places[place].used && map->places[place].at != at)                                                 \
            place = (place + 1) % map->room;                                                                           \
        return place;                                                                                                  \
    }                                                                                                                  \
    void name##_put(struct name *map, key at, value is) {                                                              \
        if (2 * map->count >= map->room) {                                                                             \
            struct name larger = {0, 2 * map->room + 8, calloc(2 * map->room + 8, sizeof *larger.places)};             \
            for (size_t i = 0; i < map->room; i++)                                                                     \
                if (map->places[i].used)                                                                               \
                    name##_put(&larger, map->places[i].at, map->places[i].is);                                         \
            free(map->places);                                                                                         \
            *map = larger;                                                                                             \
        }                                                                                                              \
        size_t place = name##_place(map, at);                                                                          \
        map->count += !map->places[place].used;                                                                        \
        map->places[place].at = at;                                                                                    \
        map->places[place].is = is;                                                                                    \
        map->places[place].used = 1;                                                                                   \
    }                                                                                                                  \
    value name##_get(const struct name *map, key at, value otherwise) {                                                \
        size_t place = map->room ? name##_place(map, at) : 0;                                                          \
        return map->room && map->places[place].used ? map->places[place].is : otherwise;                               \
    }

#define SORT(name, type)                                                                                               \
    void name(type *values, size_t count) {                                                                            \
        if (count < 2)                                                                                                 \
            return;                                                                                                    \
        type middle = values[count / 2];                                                                               \
        size_t low = 0, high = count - 1;                                                                              \
        for (;;) {                                                                                                     \
            while (values[low] < middle)                                                                               \
                low++;                                                                                                 \
            while (middle < values[high])                                                                              \
                high--;                                                                                                \
            if (low >= high)                                                                                           \
                break;                                                                                                 \
            type other = values[low];                                                                                  \
            values[low++] = values[high];                                                                              \
            values[high--] = other;                                                                                    \
        }                                                                                                              \
        name(values, low);                                                                                             \
        name(values + low, count - low);                                                                               \
    }                                                                                                                  \
    double name##_mean(const type *values, size_t count) {                                                             \
        double sum = 0;                                                                                                \
        for (size_t i = 0; i < count; i++)                                                                             \
            sum += (double)values[i] * (values[i] < 0 ? -1 : 1);                                                       \
        return count ? sum / (double)count : 0;                                                                        \
    }

#define TYPES(part)                                                                                                    \
    MAP(map_int_##part, int, int)                                                                                      \
    MAP(map_long_##part, long, double)                                                                                 \
    MAP(map_char_##part, unsigned char, const char *)                                                                  \
    MAP(map_short_##part, short, uint64_t)                                                                             \
    SORT(sort_int_##part, int)                                                                                         \
    SORT(sort_long_##part, long)                                                                                       \
    SORT(sort_double_##part, double)                                                                                   \
    SORT(sort_short_##part, short)                                                                                     \
    int use_##part(int seed) {                                                                                         \
        struct map_int_##part map = {0, 0, NULL};                                                                      \
        int values[100];                                                                                               \
        for (int i = 0; i < 100; i++) {                                                                                \
            values[i] = (seed = seed * 1103515245 + 12345) % 1000;                                                     \
            map_int_##part##_put(&map, values[i], i);                                                                  \
        }                                                                                                              \
        sort_int_##part(values, 100);                                                                                  \
        int answer = map_int_##part##_get(&map, values[50], -1) + (int)sort_int_##part##_mean(values, 100);            \
        free(map.places);                                                                                              \
        return answer;                                                                                                 \
    }

TYPES(a)
#if PARTS > 1
TYPES(b)
#endif
#if PARTS > 2
TYPES(c)
#endif
#if PARTS > 3
TYPES(d)
#endif
#if PARTS > 4
TYPES(e)
#endif
#if PARTS > 5
TYPES(f)
#endif
#if PARTS > 6
TYPES(g)
#endif
#if PARTS > 7
TYPES(h)
#endif

int main(void) {
    printf("%d\n", use_a(7));
    return 0;
}

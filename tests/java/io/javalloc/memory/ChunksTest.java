package io.javalloc.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Chunks and lists of free blocks do arithmetic only, so they are tested where there is no memory:
/// the links are in a map.
class ChunksTest {

    private static final long BASE = 0x7f00_0000_0000L;
    private static final int LOG_PAGE = 12;
    private static final long PAGE = 1 << LOG_PAGE;
    private static final long CHUNK = 4 * PAGE;

    private final Map<Long, Long> links = new HashMap<>();
    private final FreeLists lists =
            new FreeLists(
                    2,
                    new FreeLists.Links() {
                        @Override
                        public long next(long entry, int list) {
                            return links.getOrDefault(entry, 0L);
                        }

                        @Override
                        public void setNext(long entry, long next) {
                            links.put(entry, next);
                        }

                        @Override
                        public RuntimeException damaged(long entry) {
                            return new IllegalStateException("damaged " + (entry - BASE));
                        }

                        @Override
                        public RuntimeException endsEarly(int list) {
                            return new IllegalStateException("list " + list + " ends early");
                        }
                    });

    /// Which chunks were given back. An entry of the first list is a block as long as a chunk, one
    /// of the second is half as long.
    private final List<Long> gone = new ArrayList<>();

    private final Chunks.Contents contents =
            new Chunks.Contents() {
                @Override
                public long bytesOfOne(int list) {
                    return list == 0 ? CHUNK : CHUNK / 2;
                }

                @Override
                public long bytesOfAll(int index, int list) {
                    return CHUNK;
                }

                @Override
                public void givenBack(long chunk) {
                    gone.add(chunk);
                }
            };

    private final PageRuns pages = pages(64 * CHUNK);
    private final Chunks chunks = new Chunks(pages, LOG_PAGE, CHUNK);

    private static PageRuns pages(long bytes) {
        Region region = new Region(BASE, bytes, (address, length) -> true);
        return new PageRuns(region, Long.MAX_VALUE, LOG_PAGE);
    }

    // ---------------------------------------------------------------- chunks

    @Test
    void aChunkIsAsLongAsItIsAskedFor() {
        assertEquals(BASE, chunks.take());
        assertEquals(BASE + CHUNK, chunks.end(BASE));
        assertEquals(BASE + CHUNK, chunks.take());
    }

    @Test
    void whereThereIsNoRoomForManyAChunkIsShorter() {
        Chunks few = new Chunks(pages(32 * CHUNK), LOG_PAGE, CHUNK);
        assertEquals(BASE + CHUNK / 2, few.end(few.take()));
        Chunks least = new Chunks(pages(2 * PAGE), LOG_PAGE, CHUNK);
        assertEquals(BASE + PAGE, least.end(least.take()));
    }

    @Test
    void theLastPagesAreTakenAsShorterChunks() {
        pages.take(64 * 4 - 3, PAGE);
        long[] lengths = {2 * PAGE, PAGE};
        for (long length : lengths) {
            long chunk = chunks.take();
            assertEquals(length, chunks.end(chunk) - chunk);
        }
        assertEquals(0, chunks.take());
    }

    @Test
    void chunksAreInTheOrderOfAddresses() {
        long low = pages.take(4, PAGE);
        for (int i = 0; i < 40; i++) {
            chunks.take();
        }
        pages.give(low);
        assertEquals(low, chunks.take());
        assertEquals(41, chunks.count());
        for (int i = 0; i < 41; i++) {
            assertEquals(BASE + i * CHUNK, chunks.start(i));
            assertEquals(i, chunks.indexOf(BASE + i * CHUNK));
        }
        assertTrue(chunks.indexOf(BASE + PAGE) < 0);
    }

    @Test
    void emptyChunksAreGivenBackAndTheOthersKeepTheirBlocks() {
        long[] c = {chunks.take(), chunks.take(), chunks.take(), chunks.take(), chunks.take()};
        lists.push(1, c[4]);
        lists.push(1, c[1] + 16);
        lists.push(0, c[2]);
        lists.push(1, c[4] + CHUNK / 2);
        lists.push(1, c[3] + 32);
        lists.push(0, c[0]);
        assertTrue(chunks.giveBackEmpty(lists, contents));
        assertEquals(List.of(c[4], c[2], c[0]), gone);
        assertEquals(2, chunks.count());
        assertEquals(0, pages.pagesAt(c[0]));
        assertNotEquals(0, pages.pagesAt(c[1]));
        lists.check();
        assertTrue(lists.isEmpty(0));
        assertEquals(c[3] + 32, lists.pop(1));
        assertEquals(c[1] + 16, lists.pop(1));
        assertTrue(lists.isEmpty(1));
    }

    /// Bytes that are counted twice would make a chunk with a live block look empty.
    @Test
    void aChunkIsNotGivenBackIfMoreThanAllOfItIsFree() {
        long first = chunks.take();
        lists.push(1, first);
        lists.push(0, first + 16);
        lists.push(1, first + 32);
        assertThrows(IllegalStateException.class, () -> chunks.giveBackEmpty(lists, contents));
        assertEquals(List.of(), gone);
    }

    @Test
    void aListThatLeadsToWhatIsInNoChunkIsDamaged() {
        long[] c = {chunks.take(), pages.take(1, PAGE), chunks.take()};
        for (long entry : new long[] {BASE - 16, c[1], c[2] + CHUNK}) {
            lists.push(1, entry);
            String message = "damaged " + (entry - BASE);
            assertThrown(message, () -> chunks.giveBackEmpty(lists, contents));
            assertThrown(message, () -> new FreeBlocks(chunks, lists, 0));
            lists.pop(1);
        }
    }

    @Test
    void nothingIsLookedAtTwiceForNothing() {
        long chunk = chunks.take();
        lists.push(1, chunk + 32);
        assertFalse(chunks.giveBackEmpty(lists, contents));
        links.put(chunk + 32, chunk + 32);
        assertFalse(chunks.giveBackEmpty(lists, contents), "the damage is not seen");
        lists.push(1, chunk + 48);
        assertThrows(IllegalStateException.class, () -> chunks.giveBackEmpty(lists, contents));
    }

    // ---------------------------------------------------------------- lists

    @Test
    void theEntryThatWasAddedLastIsTakenFirst() {
        lists.push(0, BASE);
        lists.push(0, BASE + 16);
        lists.push(1, BASE + 32);
        assertEquals(BASE + 16, lists.pop(0));
        assertEquals(BASE, lists.pop(0));
        assertTrue(lists.isEmpty(0));
        assertFalse(lists.isEmpty(1));
    }

    @Test
    void theFreeBlocksOfAChunkAreThoseInLists() {
        long[] c = {chunks.take(), chunks.take()};
        lists.push(0, c[1] + 40);
        lists.push(1, c[1] + 24);
        lists.push(0, c[0] + 8);
        FreeBlocks free = new FreeBlocks(chunks, lists, 8);
        free.begin(0);
        assertTrue(free.isFree(c[0] + 8));
        assertFalse(free.isFree(c[0] + 24));
        free.end();
        free.begin(1);
        assertFalse(free.isFree(c[1] + 8));
        assertTrue(free.isFree(c[1] + 24));
        assertThrown("damaged " + (c[1] + 40 - BASE), free::end);
        assertTrue(free.isFree(c[1] + 40));
        free.end();
    }

    @Test
    void aFreeBlockThatIsListedTwiceIsDamaged() {
        long chunk = chunks.take();
        lists.push(0, chunk + 16);
        lists.push(1, chunk + 16);
        assertThrown("damaged 16", () -> new FreeBlocks(chunks, lists, 0));
    }

    @Test
    void entriesThatAreLinkedAlreadyBecomeAList() {
        links.put(BASE, BASE + 16);
        links.put(BASE + 16, 0L);
        lists.fill(1, BASE, 2);
        lists.check();
        assertEquals(BASE, lists.pop(1));
        assertEquals(BASE + 16, lists.pop(1));
        assertTrue(lists.isEmpty(1));
    }

    @Test
    void aListThatHasNotAsManyEntriesAsWereAddedIsDamaged() {
        for (long i = 0; i < 3; i++) {
            lists.push(0, BASE + i * 16);
        }
        assertDamaged(16, BASE + 16, 0);
        assertDamaged(0, BASE, BASE + 16);
        assertDamaged(0, BASE, BASE + 160);
    }

    @Test
    void aListThatLeadsIntoAnotherIsDamaged() {
        for (long i = 0; i < 3; i++) {
            lists.push(0, BASE + i * 16);
            lists.push(1, BASE + i * 16 + 160);
        }
        assertDamaged(160, BASE + 32, BASE + 160);
        assertDamaged(32 + 160, BASE + 16, BASE + 32 + 160);
    }

    /// The message named a block at address 0: that of the first entry, of which nothing is left.
    @Test
    void aListWhoseBeginningWasOverwrittenIsNamedItself() {
        lists.push(1, BASE);
        lists.push(1, BASE + 16);
        links.put(BASE + 16, 0L);
        assertEquals(BASE + 16, lists.pop(1));
        assertThrown("list 1 ends early", lists::check);
    }

    /// As above: the list was led in a circle, and is used as often as it had entries.
    @Test
    void aListThatGoesOnBehindItsLastEntryIsDamagedThere() {
        lists.push(1, BASE);
        links.put(BASE, BASE);
        assertEquals(BASE, lists.pop(1));
        assertThrown("damaged 0", lists::check);
    }

    private void assertDamaged(long offset, long entry, long link) {
        long before = links.put(entry, link);
        assertThrown("damaged " + offset, lists::check);
        links.put(entry, before);
    }

    private static void assertThrown(String message, Executable operation) {
        Exception thrown = assertThrows(IllegalStateException.class, operation);
        assertEquals(message, thrown.getMessage());
    }
}

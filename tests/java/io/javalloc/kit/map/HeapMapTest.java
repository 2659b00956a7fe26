package io.javalloc.kit.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.catalog.Catalog;
import io.javalloc.kit.map.Snapshot.Block;
import io.javalloc.kit.map.Snapshot.Span;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class HeapMapTest {

    private static final long BASE = 1L << 40;

    private static NodeList paths(String svg) throws Exception {
        Document document =
                DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
        return document.getElementsByTagName("path");
    }

    private static String drawn(NodeList paths, int index) {
        return ((Element) paths.item(index)).getAttribute("d");
    }

    @Test
    void blocks_are_drawn_where_they_lie_and_go_on_in_the_next_row() throws Exception {
        // A row has 16 KiB and 1024 units: 16 bytes are one unit.
        List<Block> blocks =
                List.of(new Block(BASE + 160, 12, 16), new Block(BASE + 8192, 16384, 16384));
        List<Span> spans = List.of(new Span(BASE, BASE + 32768));
        NodeList paths = paths(HeapMap.svg(new Snapshot(BASE, spans, blocks, 2, 0), "a < b"));
        assertEquals(4, paths.getLength(), "all, small, its rest, large");
        assertEquals(
                "M110.00 100h1024.00v10h-1024.00zM110.00 112h1024.00v10h-1024.00z",
                drawn(paths, 0));
        assertEquals("M120.00 100h0.75v10h-0.75z", drawn(paths, 1));
        assertEquals("M120.75 100h0.25v10h-0.25z", drawn(paths, 2));
        assertEquals(
                "M622.00 100h512.00v10h-512.00zM110.00 112h512.00v10h-512.00z", drawn(paths, 3));
    }

    @Test
    void parts_of_the_region_have_rows_of_their_own() throws Exception {
        List<Span> spans =
                List.of(
                        new Span(BASE, BASE + 4096),
                        new Span(BASE + (1L << 29), BASE + (1L << 29) + 4096));
        String svg = HeapMap.svg(new Snapshot(BASE, spans, List.of(), 0, 0), "two");
        assertTrue(drawn(paths(svg), 1).startsWith("M110.00 112h256.00"), svg);
        assertTrue(svg.contains(">+0x20000000<"), svg);
    }

    @Test
    void the_stream_is_the_same_for_every_heap_and_every_time() {
        Snapshot knr = CommonStream.play(region -> Catalog.create("knr", region, 0));
        Snapshot again = CommonStream.play(region -> Catalog.create("knr", region, 0));
        Snapshot zig = CommonStream.play(region -> Catalog.create("zig-wasm", region, 0));
        assertEquals(offsets(knr), offsets(again));
        assertEquals(knr.liveBytes(), zig.liveBytes());
        assertEquals(knr.blocks().size(), zig.blocks().size());
        assertEquals(CommonStream.LIVE, knr.blocks().size(), CommonStream.LIVE / 10.0);
        assertEquals(0, knr.refused());
        assertTrue(knr.fragmentation() > 1);
    }

    private static List<Long> offsets(Snapshot snapshot) {
        return snapshot.blocks().stream().map(block -> block.address() - snapshot.base()).toList();
    }

    @Test
    void what_a_block_takes_is_seen_from_outside() {
        assertEquals(
                new BlockCost(80, 64),
                BlockCost.measure(region -> Catalog.create("knr", region, 0), 64));
        assertEquals(
                new BlockCost(128, 128),
                BlockCost.measure(region -> Catalog.create("zig-wasm", region, 0), 100));
    }
}

/// What results say: tables, charts and pages, the same from the same results.
package io.javalloc.kit.bench.report;

package io.javalloc.kit.bench;

import io.javalloc.kit.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What results depend on: the machine, versions, options.
public final class Setting {

    /// A machine that does something else meanwhile measures that, too.
    private static final Path LOAD = Path.of("/proc/loadavg");

    private Setting() {}

    /// Names and values, in the order in which they are told.
    ///
    /// @param build the native build's folder
    public static Map<String, String> of(
            Path build, Suite suite, List<Contender> contenders, int rounds, double scale)
            throws IOException {
        Map<String, String> setting = new LinkedHashMap<>();
        setting.put("machine", Machine.describe());
        Origin.firstLine("git", "-C", build.toString(), "describe", "--always", "--dirty")
                .ifPresent(commit -> setting.put("javalloc", commit));
        setting.put("load before", Files.readString(LOAD).strip());
        setting.put("rounds", Integer.toString(rounds));
        setting.put("scale", Double.toString(scale));
        for (Contender contender : contenders) {
            String sort = contender.isHeap() ? "heap " : "native ";
            setting.put(sort + contender.name(), contender.origin());
        }
        for (Task task : suite.tasks()) {
            if (task.program() != null) {
                setting.put("program " + task.name(), Origin.of(task.program()));
            }
        }
        if (!suite.missing().isEmpty()) {
            setting.put("not installed", String.join(", ", suite.missing()));
        }
        return setting;
    }
}

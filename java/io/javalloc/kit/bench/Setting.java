package io.javalloc.kit.bench;

import io.javalloc.kit.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What results depend on: the machine, versions, options.
public final class Setting {

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
        setting.put("rounds", Integer.toString(rounds));
        setting.put("scale", Double.toString(scale));
        for (Contender contender : contenders) {
            String sort = contender.isHeap() ? "heap " : "native ";
            setting.put(sort + contender.name(), contender.origin());
        }
        for (Task task : suite.tasks()) {
            if (!task.version().isEmpty()) {
                setting.put("program " + task.name(), task.version());
            }
        }
        if (!suite.missing().isEmpty()) {
            setting.put("not installed", String.join(", ", suite.missing()));
        }
        return setting;
    }
}

package io.javalloc.cli;

import io.javalloc.kit.check.WrongHeap;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/// The commands of the launcher that are written in Java.
@Command(
        name = "javalloc",
        description =
                "Looks at heaps: what there are, whether they keep the rules, what they cost.",
        subcommands = {
            HeapsCommand.class,
            CheckCommand.class,
            BenchCommand.class,
            MapCommand.class,
            SurveyCommand.class
        })
public final class Main {
    private Main() {}

    /// Runs a command and ends the process.
    public static void main(String[] arguments) {
        System.exit(run(writer(System.out), writer(System.err), arguments));
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(stream, true, stream.charset());
    }

    /// Runs a command.
    ///
    /// @return the exit status, see [Status]
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        CommandLine line = new CommandLine(new Main());
        addHelp(line);
        int status = execute(line, out, err, arguments);
        // A PrintWriter keeps to itself what goes wrong.
        if (out.checkError()) {
            err.println("javalloc: standard output cannot be written: what it should say is lost");
            return status == Status.OK ? Status.IO : status;
        }
        return status;
    }

    private static int execute(
            CommandLine line, PrintWriter out, PrintWriter err, String... arguments) {
        return line.setOut(out)
                .setErr(err)
                .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
                .setUsageHelpWidth(100)
                .setParameterExceptionHandler(Main::refuse)
                .setExecutionExceptionHandler((thrown, command, result) -> explain(thrown, command))
                .execute(arguments);
    }

    private static void addHelp(CommandLine command) {
        command.getCommandSpec()
                .addOption(
                        OptionSpec.builder("-h", "--help")
                                .usageHelp(true)
                                .description("Show this text.")
                                .build());
        command.getSubcommands().values().forEach(Main::addHelp);
    }

    private static int refuse(ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println("javalloc: " + wrong.getMessage() + "; see: " + name + " --help");
        return Status.USAGE;
    }

    private static int explain(Exception thrown, CommandLine command) throws Exception {
        if (thrown instanceof Refusal refusal) {
            command.getErr().println("javalloc: " + refusal.getMessage());
            return refusal.status();
        }
        if (thrown instanceof WrongHeap || thrown instanceof IllegalArgumentException) {
            command.getErr().println("javalloc: " + thrown.getMessage());
            return Status.USAGE;
        }
        if (thrown instanceof IOException failed) {
            boolean isTold = !(failed instanceof FileSystemException); // else it is a bare name
            String why = isTold ? failed.getMessage() : failed.toString();
            command.getErr().println("javalloc: " + why);
            return Status.IO;
        }
        throw thrown;
    }
}

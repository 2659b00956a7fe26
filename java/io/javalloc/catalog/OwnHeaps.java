package io.javalloc.catalog;

import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/// The heaps of the user's own: what [ServiceLoader] finds on the class path. One that is faulty
/// does not take the others away.
///
/// @param providers those that can be used
/// @param faults    why others cannot be, made for the user
record OwnHeaps(List<HeapProvider> providers, List<String> faults) {

    private static final String PREFIX = HeapProvider.class.getName() + ": ";
    private static final String NOT_A_SUBTYPE = " not a subtype";

    /// Looks for them.
    static OwnHeaps find() {
        OwnHeaps found = new OwnHeaps(new ArrayList<>(), new ArrayList<>());
        Iterator<HeapProvider> all = ServiceLoader.load(HeapProvider.class).iterator();
        String previous = "";
        while (true) {
            try {
                if (!all.hasNext()) {
                    return found;
                }
                found.add(all.next());
            } catch (ServiceConfigurationError e) {
                String why = words(e);
                if (why.equals(previous)) {
                    return found; // it does not get any further
                }
                found.faults.add("a heap on the class path cannot be loaded: " + why);
                previous = why;
            }
        }
    }

    private void add(HeapProvider provider) {
        String fault;
        try {
            fault = fault(provider);
        } catch (RuntimeException | LinkageError e) {
            StackTraceElement[] at = e.getStackTrace();
            fault = " throws " + e + (at.length == 0 ? "" : " at " + at[0]);
        }
        if (fault == null) {
            providers.add(provider);
        } else {
            faults.add(provider.getClass().getName() + fault);
        }
    }

    /// What is wrong with it, to be read behind its class; null if nothing is.
    private static String fault(HeapProvider provider) {
        String name = provider.name();
        if (name == null) {
            return ".name() returns null";
        }
        String named = " gives its heap the name '" + name + "'";
        if (!HeapExpression.isName(name)) {
            return named + "; a name is letters, digits and -";
        }
        if (Catalog.isBuiltIn(name)) {
            return named + ", which is that of a built-in one";
        }
        if (provider.summary() == null) {
            return ".summary() returns null";
        }
        if (provider.inner() == null) {
            return ".inner() returns null; a heap that takes none has \"\"";
        }
        if (provider.document() == null) {
            return ".document() returns null; if there is none it is \"\"";
        }
        if (provider.checks() == null) {
            return ".checks() returns null; if there are none it is \"\"";
        }
        return faultOf(provider.options());
    }

    private static String faultOf(List<HeapOption> options) {
        if (options == null) {
            return ".options() returns null; a heap that has none returns List.of()";
        }
        for (HeapOption option : options) {
            if (option == null
                    || option.name() == null
                    || option.value() == null
                    || option.meaning() == null) {
                return ".options() has one that is null, or has a null in it";
            }
        }
        return null;
    }

    private static String words(ServiceConfigurationError e) {
        String message = String.valueOf(e.getMessage());
        String words = message.startsWith(PREFIX) ? message.substring(PREFIX.length()) : message;
        if (words.endsWith(NOT_A_SUBTYPE)) {
            int end = words.length() - NOT_A_SUBTYPE.length();
            String name = words.substring(words.lastIndexOf(' ', end - 1) + 1, end);
            return words + " of HeapProvider; a class Provider in it is " + name + "$Provider";
        }
        return e.getCause() == null ? words : words + ": " + e.getCause();
    }
}

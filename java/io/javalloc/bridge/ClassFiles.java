package io.javalloc.bridge;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.StringTokenizer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// Loads all classes of a jar or a folder before the program begins. A class that is loaded later
/// is read from a file, through a descriptor that the program may have closed by then and used for
/// a file of its own, and whose position a forked child shares with its parent.
final class ClassFiles {

    /// Of jars with more, such as those with a library in them, the rest is loaded when needed.
    private static final int MOST = 1_000;

    private static final String SUFFIX = ".class";

    private ClassFiles() {}

    /// What the user has put on the class path, behind our own jar.
    ///
    /// @param classPath as the system property `java.class.path` has it
    static void loadUsers(String classPath) throws IOException {
        StringTokenizer entries = new StringTokenizer(classPath, File.pathSeparator);
        entries.nextToken();
        while (entries.hasMoreTokens()) {
            load(names(new File(entries.nextToken())));
        }
    }

    /// The names of the classes in a jar or a folder, at most so many as are loaded.
    static List<String> names(File place) throws IOException {
        List<String> names = new ArrayList<>();
        if (place.isDirectory()) {
            addFolder(place, "", names);
        } else if (place.isFile()) {
            addJar(place, names);
        }
        return names;
    }

    private static void addJar(File jar, List<String> names) throws IOException {
        try (ZipFile zip = new ZipFile(jar)) {
            Enumeration<? extends ZipEntry> entries = zip.entries();
            while (entries.hasMoreElements() && names.size() < MOST) {
                add(entries.nextElement().getName(), names);
            }
        }
    }

    private static void addFolder(File folder, String prefix, List<String> names) {
        String[] files = folder.list();
        for (int i = 0; files != null && i < files.length && names.size() < MOST; i++) {
            File file = new File(folder, files[i]);
            if (file.isDirectory()) {
                addFolder(file, prefix + files[i] + "/", names);
            } else {
                add(prefix + files[i], names);
            }
        }
    }

    private static void add(String file, List<String> names) {
        if (file.endsWith(SUFFIX)
                && !file.startsWith("META-INF/")
                && !file.endsWith("-info.class")) {
            names.add(file.substring(0, file.length() - SUFFIX.length()).replace('/', '.'));
        }
    }

    /// What cannot be loaded is left out: it may need a library that is not there, and may never be
    /// needed itself.
    ///
    /// @return how many were loaded
    static int load(List<String> names) {
        int loaded = 0;
        for (int i = 0; i < names.size(); i++) {
            loaded += canLoad(names.get(i)) ? 1 : 0;
        }
        return loaded;
    }

    private static boolean canLoad(String name) {
        try {
            Class.forName(name, false, ClassFiles.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }
}

package io.javalloc;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Set;
import java.util.TreeSet;

/// The arrows of the house: bridge → catalog → slab, heaps, layers → memory, cli → kit → catalog,
/// and std → heaps; nothing back.
@AnalyzeClasses(packages = "io.javalloc", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

    private static final String JAVA_BASE = "java.(io|lang|nio|util)..";

    @ArchTest
    static final ArchRule the_jar_that_enters_programs_needs_nothing_but_java_base =
            classes()
                    .that()
                    .resideOutsideOfPackages("io.javalloc.kit..", "io.javalloc.cli..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage("io.javalloc..", JAVA_BASE);

    @ArchTest
    static final ArchRule the_kit_needs_nothing_but_the_jdk_and_histograms =
            classes()
                    .that()
                    .resideInAPackage("io.javalloc.kit..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "io.javalloc..", JAVA_BASE, "com.sun.management", "org.HdrHistogram");

    @ArchTest
    static final ArchRule only_the_command_line_knows_picocli =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("io.javalloc.cli")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("picocli..", "io.javalloc.cli");

    @ArchTest
    static final ArchRule only_the_command_line_knows_the_kit =
            noClasses()
                    .that()
                    .resideOutsideOfPackages("io.javalloc.kit..", "io.javalloc.cli")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("io.javalloc.kit..");

    @ArchTest
    static final ArchRule memory_knows_no_heap =
            noClasses()
                    .that()
                    .resideInAPackage("io.javalloc.memory")
                    .should()
                    .dependOnClassesThat(inProjectBut("io.javalloc.memory"));

    @ArchTest
    static final ArchRule the_interface_knows_memory_only =
            noClasses()
                    .that()
                    .resideInAPackage("io.javalloc")
                    .should()
                    .dependOnClassesThat(inProjectBut("io.javalloc", "io.javalloc.memory"));

    @ArchTest
    static final ArchRule a_heap_knows_neither_layers_nor_catalog_nor_bridge =
            noClasses()
                    .that()
                    .resideInAPackage("io.javalloc.heaps")
                    .should()
                    .dependOnClassesThat(
                            inProjectBut("io.javalloc", "io.javalloc.memory", "io.javalloc.heaps"));

    @ArchTest
    static final ArchRule slab_knows_no_other_heap_and_nothing_above =
            noClasses()
                    .that()
                    .resideInAPackage("io.javalloc.slab")
                    .should()
                    .dependOnClassesThat(
                            inProjectBut("io.javalloc", "io.javalloc.memory", "io.javalloc.slab"));

    @ArchTest
    static final ArchRule only_the_catalog_and_the_bridge_know_slab =
            noClasses()
                    .that()
                    .resideOutsideOfPackages(
                            "io.javalloc.slab", "io.javalloc.catalog", "io.javalloc.bridge")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("io.javalloc.slab");

    @ArchTest
    static final ArchRule a_heap_knows_no_other_heap =
            classes()
                    .that()
                    .resideInAPackage("io.javalloc.heaps")
                    .should(
                            new ArchCondition<>("know one heap at most, which may be itself") {
                                @Override
                                public void check(JavaClass each, ConditionEvents events) {
                                    Set<String> heaps = heapsKnownTo(each);
                                    if (heaps.size() > 1) {
                                        String message = each.getName() + " knows " + heaps;
                                        events.add(SimpleConditionEvent.violated(each, message));
                                    }
                                }
                            });

    private static Set<String> heapsKnownTo(JavaClass each) {
        Set<String> heaps = new TreeSet<>();
        addIfHeap(heaps, each);
        for (Dependency dependency : each.getDirectDependenciesFromSelf()) {
            addIfHeap(heaps, dependency.getTargetClass());
        }
        return heaps;
    }

    /// A class inside of a heap's is the heap's.
    private static void addIfHeap(Set<String> heaps, JavaClass candidate) {
        JavaClass outermost = candidate.getBaseComponentType();
        while (outermost.getEnclosingClass().isPresent()) {
            outermost = outermost.getEnclosingClass().get();
        }
        boolean isHere = outermost.getPackageName().equals("io.javalloc.heaps");
        if (isHere && outermost.isAssignableTo(Heap.class)) {
            heaps.add(outermost.getSimpleName());
        }
    }

    @ArchTest
    static final ArchRule nothing_knows_the_room_for_java_programs =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("io.javalloc.std")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("io.javalloc.std");

    @ArchTest
    static final ArchRule a_layer_knows_no_heap_by_name =
            noClasses()
                    .that()
                    .resideInAPackage("io.javalloc.layers")
                    .should()
                    .dependOnClassesThat(
                            inProjectBut(
                                    "io.javalloc", "io.javalloc.memory", "io.javalloc.layers"));

    @ArchTest
    static final ArchRule only_the_bridge_knows_the_bridge =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("io.javalloc.bridge..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("io.javalloc.bridge..");

    @ArchTest
    static final ArchRule the_start_of_a_program_touches_no_class_of_jextract =
            noClasses()
                    .that()
                    .resideInAPackage("io.javalloc.bridge")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("io.javalloc.bridge.abi");

    @ArchTest
    static final ArchRule there_are_no_cycles =
            slices().matching("io.javalloc.(*)..").should().beFreeOfCycles();

    private static DescribedPredicate<JavaClass> inProjectBut(String... allowed) {
        return resideInAPackage("io.javalloc..")
                .and(not(resideInAnyPackage(allowed)))
                .as("reside in another room than %s", String.join(", ", allowed));
    }
}

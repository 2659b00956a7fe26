package io.javalloc;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The arrows of the house: bridge → catalog → heaps, layers → memory, and cli → kit → catalog;
/// nothing back.
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
    static final ArchRule the_kit_needs_nothing_but_the_jdk =
            classes()
                    .that()
                    .resideInAPackage("io.javalloc.kit..")
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage("io.javalloc..", JAVA_BASE, "com.sun.management");

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

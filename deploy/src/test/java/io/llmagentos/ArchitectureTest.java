package io.llmagentos;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The house: module arrows point one way, packages have no cycles, pure code knows no actors and no HTTP. */
@AnalyzeClasses(packages = "io.llmagentos", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String KERNEL = "io.llmagentos.node..";
  private static final String MODELS = "io.llmagentos.model..";
  private static final String AGENTS = "io.llmagentos.agent..";
  private static final String LEARNERS = "io.llmagentos.rl..";

  @ArchTest
  static final ArchRule KERNEL_KNOWS_NO_SUBSYSTEM = noClasses()
      .that()
      .resideInAPackage(KERNEL)
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage(MODELS, AGENTS, LEARNERS);

  @ArchTest
  static final ArchRule MODELS_KNOW_THE_KERNEL_ONLY = noClasses()
      .that()
      .resideInAPackage(MODELS)
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage(AGENTS, LEARNERS);

  @ArchTest
  static final ArchRule AGENTS_AND_LEARNERS_ARE_STRANGERS = noClasses()
      .that()
      .resideInAPackage(AGENTS)
      .should()
      .dependOnClassesThat()
      .resideInAPackage(LEARNERS);

  @ArchTest
  static final ArchRule PACKAGES_HAVE_NO_CYCLES =
      slices().matching("io.llmagentos.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule PURE_CODE_KNOWS_NO_ACTORS = noClasses()
      .that()
      .resideInAnyPackage(
          "io.llmagentos.node.envelope..",
          "io.llmagentos.node.error..",
          "io.llmagentos.model.chat..",
          "io.llmagentos.model.weights..",
          "io.llmagentos.model.engine..",
          "io.llmagentos.model.djl..",
          "io.llmagentos.model.training",
          "io.llmagentos.model.tokenizer..",
          "io.llmagentos.model.training.arguments..",
          "io.llmagentos.model.training.data..",
          "io.llmagentos.model.training.trainer..",
          "io.llmagentos.model.sampling..",
          "io.llmagentos.model.generation..",
          "io.llmagentos.node.artifact..",
          "io.llmagentos.node.report..",
          "io.llmagentos.rl.env..",
          "io.llmagentos.rl.space..",
          "io.llmagentos.rl.random..",
          "io.llmagentos.rl.tabular..",
          "io.llmagentos.rl.policy..",
          "io.llmagentos.rl.rollout..",
          "io.llmagentos.rl.algorithm..",
          "io.llmagentos.agent.personal..",
          "io.llmagentos.agent.schedule..",
          "io.llmagentos.agent.tool",
          "io.llmagentos.agent.budget..",
          "io.llmagentos.agent.definition..")
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage("org.apache.pekko..", "java.net.http..");

  @ArchTest
  static final ArchRule EVERY_PACKAGE_IS_NULL_MARKED = classes()
      .that()
      .haveSimpleName("package-info")
      .should()
      .beAnnotatedWith(org.jspecify.annotations.NullMarked.class);
}

package io.llmagentos.model.training.arguments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.llmagentos.model.training.LoraConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentsTest {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  /** Fine-tuning with what must be said, and more of it. */
  static Arguments finetune(Map<String, ?> more) {
    Map<String, Object> map = new HashMap<>(
        Map.of("model_name_or_path", "gpt2", "train_file", "a.txt", "output_dir", "out"));
    map.putAll(more);
    return Arguments.parse(TrainingTask.LM_FINETUNE, map);
  }

  private static Arguments parse(TrainingTask task, String yaml) {
    try {
      return Arguments.parse(
          task, YAML.readValue(yaml, new TypeReference<Map<String, Object>>() {}));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void shouldHaveTheDefaultsOfHuggingFace() {
    assertThat(finetune(Map.of()).toMap())
        .containsEntry("per_device_train_batch_size", 8)
        .containsEntry("per_device_eval_batch_size", 8)
        .containsEntry("gradient_accumulation_steps", 1)
        .containsEntry("learning_rate", 5e-5)
        .containsEntry("weight_decay", 0.0)
        .containsEntry("adam_beta1", 0.9)
        .containsEntry("adam_beta2", 0.999)
        .containsEntry("adam_epsilon", 1e-8)
        .containsEntry("max_grad_norm", 1.0)
        .containsEntry("num_train_epochs", 3.0)
        .containsEntry("max_steps", -1)
        .containsEntry("lr_scheduler_type", "linear")
        .containsEntry("warmup_ratio", 0.0)
        .containsEntry("warmup_steps", 0)
        .containsEntry("logging_steps", 500)
        .containsEntry("eval_strategy", "no")
        .containsEntry("save_strategy", "steps")
        .containsEntry("save_steps", 500)
        .containsEntry("seed", 42L)
        .containsEntry("bf16", false)
        .containsEntry("prediction_loss_only", false)
        .containsEntry("load_best_model_at_end", false)
        .containsEntry("validation_split_percentage", 5)
        .containsEntry("keep_linebreaks", true)
        .containsEntry("num_processes", 1)
        .doesNotContainKeys("save_total_limit", "data_seed", "block_size", "eval_steps");
  }

  @Test
  void shouldReadAUsersFile() {
    Arguments arguments = parse(TrainingTask.LM_FINETUNE, """
        model_name_or_path: /models/gpt2
        train_file: [corpus, more/*.jsonl]
        output_dir: out
        overwrite_output_dir: true
        block_size: 128
        num_train_epochs: 3
        per_device_train_batch_size: 4
        save_steps: 10000
        save_total_limit: 2
        prediction_loss_only: true
        learning_rate: 5e-5
        lr_scheduler_type: cosine
        peft_config: {r: 4, target_modules: [c_attn]}
        data_seed: null
        """);
    assertThat(arguments.get(DataArguments.TRAIN_FILE)).containsExactly("corpus", "more/*.jsonl");
    assertThat(DataArguments.blockSize(arguments, 1024)).isEqualTo(128);
    assertThat(arguments.get(TrainingArguments.LEARNING_RATE)).isEqualTo(5e-5);
    assertThat(arguments.get(TrainingArguments.SAVE_TOTAL_LIMIT)).contains(2);
    assertThat(arguments.get(TrainingArguments.LR_SCHEDULER_TYPE)).isEqualTo(SchedulerType.COSINE);
    assertThat(arguments.get(ModelArguments.PEFT_CONFIG))
        .contains(new LoraConfig(4, 8, 0, List.of("c_attn"), List.of(), ""));
    assertThat(ModelArguments.lora(arguments).orElseThrow().baseModelNameOrPath())
        .isEqualTo("/models/gpt2");
    assertThat(arguments.dataSeed()).isEqualTo(42);
    assertThat(arguments.isSet(TrainingArguments.SAVE_STEPS)).isTrue();
    assertThat(arguments.isSet(TrainingArguments.WARMUP_STEPS)).isFalse();
  }

  @Test
  void shouldReadBackWhatItSays() {
    Arguments arguments = finetune(Map.of(
        "eval_strategy",
        "epoch",
        "data_seed",
        7,
        "peft_config",
        Map.of("target_modules", "q", "modules_to_save", List.of("wte"), "bias", "none")));
    assertThat(Arguments.parse(TrainingTask.LM_FINETUNE, arguments.toMap()).toMap())
        .isEqualTo(arguments.toMap());
  }

  @ParameterizedTest
  @CsvSource({
    "per_device_train_batchsize, per_device_train_batch_size",
    "learning_rat, learning_rate",
    "save_limit, save_steps",
    "fp16, bf16",
    "mlm_probability, num_processes", // another task's
  })
  void shouldRefuseWhatTheTaskDoesNotHaveWithTheNearestName(String name, String nearest) {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> finetune(Map.of(name, 1)))
        .withMessage("lm/finetune has no argument " + name + "; did you mean " + nearest + "?")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.SETTINGS_UNKNOWN_KEY))
        .satisfies(e -> assertThat(e.param()).isEqualTo(name));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "learning_rate: -1 | learning_rate is -1, must be a number from 0.0 to inf",
        "learning_rate: fast | learning_rate is fast, must be a number from 0.0 to inf",
        "adam_beta1: 1.5 | adam_beta1 is 1.5, must be a number from 0.0 to 1.0",
        "per_device_train_batch_size: 0 | must be an integer of at least 1",
        "per_device_train_batch_size: 1.5 | must be an integer of at least 1",
        "max_steps: 0 | max_steps is 0, must be at least 1, or -1",
        "bf16: 1 | bf16 is 1, must be true or false",
        "eval_strategy: always | must be one of no, steps, epoch",
        "lr_scheduler_type: exponential | must be one of constant, constant_with_warmup, linear",
        "lr_scheduler_kwargs: {power: 2} | lr_scheduler_type linear has no argument power",
        "peft_config: {r: 0} | r is 0, must be an integer of at least 1",
        "peft_config: {rank: 4} | peft_config has no argument rank; did you mean r?",
        "peft_config: {lora_dropout: 1} | lora_dropout is 1, must be a probability below 1",
        "peft_config: {lora_alpha: inf} | lora_alpha is inf, must be a number from 0.0 to",
        "peft_config: {bias: all} | bias is all, must be one of none",
        "peft_config: {target_module: q} | no argument target_module; did you mean target_modules?",
        "peft_config: 4 | peft_config is 4, must be a map of r, lora_alpha, ...",
        "{model_name_or_path: null, config: x, tokenizer_name: x, peft_config: {}} | nothing to adapt",
        "resume_from_checkpoint: false | must be true or a path",
        "config: {n_layer: 2} | only one of them counts",
        "tokenizer_type: character | must go with config",
        "vocab_size: 500 | must go with tokenizer_type",
        "load_best_model_at_end: true | they are no and steps",
        "metric_for_best_model: accuracy | must go with load_best_model_at_end",
        "early_stopping_patience: 2 | must go with load_best_model_at_end",
        "early_stopping_threshold: 0.1 | must go with early_stopping_patience",
        "config_overrides: {n_layer: 2} | must go with config",
      })
  void shouldRefuseWrongValuesWithNameValueAndLimit(String yaml, String message) {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> parse(
            TrainingTask.LM_FINETUNE,
            yaml.startsWith("{")
                ? yaml.replaceFirst("}$", ", train_file: a.txt, output_dir: out}")
                : "model_name_or_path: gpt2\ntrain_file: a.txt\noutput_dir: out\n" + yaml))
        .withMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "config: {n_layer: 2} | tokenizer_name is not set",
        "tokenizer_name: gpt2 | config is not set: lm/pretrain must know its model",
        "{config: x, tokenizer_type: byte_level_bpe} | vocab_size is not set",
        "{config: x, tokenizer_type: character, vocab_size: 65} | as many tokens as characters",
        "{config: x, tokenizer_type: wordpiece, tokenizer_name: x, vocab_size: 9} | only one counts",
        "{config: 3, tokenizer_name: x} | must be a map as in config.json, or its path",
      })
  void shouldKnowModelAndTokenizerOfAPretraining(String yaml, String message) {
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> parse(
            TrainingTask.LM_PRETRAIN,
            yaml.startsWith("{")
                ? yaml.replaceFirst("}$", ", train_file: a.txt, output_dir: out}")
                : yaml + "\ntrain_file: a.txt\noutput_dir: out"))
        .withMessageContaining(message);
  }

  @Test
  void shouldRequireWhatHasNoDefault() {
    for (String name : List.of("output_dir", "train_file", "model_name_or_path")) {
      Map<String, Object> map = new HashMap<>(
          Map.of("model_name_or_path", "gpt2", "train_file", "a.txt", "output_dir", "out"));
      map.remove(name);
      for (TrainingTask task : TrainingTask.values()) {
        if (task != TrainingTask.LM_PRETRAIN) {
          assertThatExceptionOfType(AgentOsException.class)
              .isThrownBy(() -> Arguments.parse(task, map))
              .withMessageStartingWith(name + " is not set");
        }
      }
    }
  }

  @Test
  void shouldTakeConfigOverridesAsAMapOrAsRunClmHasThem() {
    Map<String, Object> map = Map.of(
        "n_embd", 10, "resid_pdrop", 0.2, "scale_attn_weights", false, "summary_type", "cls_index");
    String text = "n_embd=10,resid_pdrop=0.2, scale_attn_weights=false,summary_type=cls_index";
    for (Object overrides : new Object[] {map, text}) {
      Arguments arguments = Arguments.parse(
          TrainingTask.LM_PRETRAIN,
          Map.of(
              "config", Map.of("model_type", "gpt2"),
              "config_overrides", overrides,
              "tokenizer_name", "gpt2",
              "train_file", "a.txt",
              "output_dir", "out"));
      assertThat(arguments.get(ModelArguments.CONFIG_OVERRIDES)).isEqualTo(map);
    }
  }

  @Test
  void shouldTakeTheOldNameOfEvalStrategyButNotBoth() {
    assertThat(finetune(Map.of("evaluation_strategy", "epoch")).evaluates()).isTrue();
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> finetune(Map.of("evaluation_strategy", "no", "eval_strategy", "no")))
        .withMessageContaining("given twice");
  }

  @Test
  void shouldSaveTheBestModelOnlyWhereItIsEvaluated() {
    Map<String, Object> best = new HashMap<>(Map.of(
        "load_best_model_at_end",
        true,
        "eval_strategy",
        "steps",
        "save_strategy",
        "steps",
        "eval_steps",
        300,
        "save_steps",
        500));
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> finetune(best))
        .withMessageContaining("save_steps is 500, must be a multiple of eval_steps, 300");
    best.put("save_steps", 600);
    assertThat(finetune(best).get(TrainingArguments.SAVE_STEPS)).isEqualTo(600);
  }

  @Test
  void shouldNameBlockSizeAndContext() {
    assertThat(DataArguments.blockSize(finetune(Map.of()), 512)).isEqualTo(512);
    assertThat(DataArguments.blockSize(finetune(Map.of()), 2048)).isEqualTo(1024);
    assertThatExceptionOfType(AgentOsException.class)
        .isThrownBy(() -> DataArguments.blockSize(finetune(Map.of("block_size", 600)), 512))
        .withMessage("block_size is 600, must be at most the model's context of 512 tokens");
  }

  @Test
  void shouldKeepTheBestModelAndStopForWantOfABetterOne() {
    Arguments arguments = finetune(Map.of(
        "load_best_model_at_end",
        true,
        "eval_strategy",
        "epoch",
        "save_strategy",
        "epoch",
        "early_stopping_patience",
        2,
        "early_stopping_threshold",
        0.1));
    assertThat(BestModel.metricName(arguments)).isEqualTo("eval_loss");
    BestModel best = BestModel.NONE.after(arguments, 10, 3.0).after(arguments, 20, 2.95);
    assertThat(best.step()).isEqualTo(20); // better, but not by the threshold
    assertThat(best.stops(arguments)).isFalse();
    assertThat(best.after(arguments, 30, 2.9).stops(arguments)).isTrue();
    assertThat(best.after(arguments, 30, 2.5).stops(arguments)).isFalse();
    assertThat(best.after(arguments, 30, Double.NaN).stops(arguments)).isTrue();

    Arguments accuracy = finetune(Map.of(
        "load_best_model_at_end", true,
        "eval_strategy", "epoch",
        "save_strategy", "epoch",
        "metric_for_best_model", "accuracy"));
    assertThat(BestModel.metricName(accuracy)).isEqualTo("eval_accuracy");
    assertThat(BestModel.NONE.after(accuracy, 1, 0.5).after(accuracy, 2, 0.4).step())
        .isEqualTo(1);
    assertThat(BestModel.NONE.after(accuracy, 1, 0.5).after(accuracy, 2, 0.6).step())
        .isEqualTo(2);
  }
}

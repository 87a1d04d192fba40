package io.llmagentos.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigTest {
  private static final String LLAMA =
      "'model_type':'llama','vocab_size':9,'hidden_size':12,'intermediate_size':5,'num_hidden_layers':1,"
          + "'num_attention_heads':2,'max_position_embeddings':7";

  @TempDir
  Path directory;

  @Test
  void shouldTakeTheDefaultsOfEachFamily() throws IOException {
    assertThat(read("{'model_type':'gpt2'}"))
        .isEqualTo(new Gpt2Config(
            50257,
            1024,
            768,
            12,
            12,
            3072,
            1e-5f,
            true,
            false,
            true,
            Activation.GELU_NEW,
            new Dropout(0.1, 0.1, 0.1, 0),
            0.02));
    assertThat(read("{" + LLAMA + "}"))
        .isEqualTo(new LlamaConfig(
            "llama",
            9,
            12,
            5,
            1,
            2,
            2,
            6,
            7,
            1e-6f,
            10000,
            null,
            false,
            false,
            false,
            false,
            Activation.SILU,
            Dropout.NONE,
            0.02,
            -1));
    assertThat(read("{" + LLAMA.replace("llama", "qwen2") + "}"))
        .isInstanceOfSatisfying(LlamaConfig.class, qwen -> {
          assertThat(qwen.queryKeyValueBias()).isTrue();
          assertThat(qwen.outputBias()).isFalse();
        });
  }

  @Test
  void shouldReadTheScalingOfRotaryFrequencies() throws IOException {
    String scaling =
        "{'rope_type':'llama3','factor':8,'low_freq_factor':1,'high_freq_factor':4,'original_max_position_embeddings':32";
    LlamaConfig.RopeScaling expected = new LlamaConfig.Llama3(8, 1, 4, 32);
    assertThat(
            ((LlamaConfig) read("{" + LLAMA + ",'rope_scaling':" + scaling + "}}")).ropeScaling())
        .isEqualTo(expected);
    LlamaConfig newer =
        (LlamaConfig) read("{" + LLAMA + ",'rope_parameters':" + scaling + ",'rope_theta':5}}");
    assertThat(newer.ropeScaling()).isEqualTo(expected);
    assertThat(newer.ropeTheta()).isEqualTo(5);
    for (String key : new String[] {"type", "rope_type"}) {
      assertThat(((LlamaConfig)
                  read("{" + LLAMA + ",'rope_scaling':{'" + key + "':'linear','factor':2.5}}"))
              .ropeScaling())
          .isEqualTo(new LlamaConfig.Linear(2.5));
    }
  }

  @Test
  void shouldNameTheRequiredKeyThatIsMissing() throws IOException {
    for (String entry : LLAMA.split(",", -1)) {
      String key = entry.substring(1, entry.indexOf("':"));
      AgentOsException thrown = catchThrowableOfType(
          AgentOsException.class, () -> read("{" + LLAMA.replace(entry, "'other':1") + "}"));
      assertThat(thrown).as(key).isNotNull();
      assertThat(thrown.code()).isEqualTo(ErrorCode.MODEL_FILE_CORRUPT);
      assertThat(thrown).hasMessageContaining(key + " must be").hasMessageContaining("is missing");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'model_type':'mamba'} | MODEL_UNSUPPORTED | model_type mamba is not supported; supported: gpt2, llama, qwen2",
        "{'model_type':'gpt2','activation_function':'mish'} | MODEL_UNSUPPORTED | activation_function mish is not supported; supported: gelu",
        "{LLAMA,'rope_scaling':{'rope_type':'yarn'}} | MODEL_UNSUPPORTED | rope_type yarn is not supported; supported: default, linear, llama3",
        "{LLAMA,'rope_scaling':{'type':'dynamic','factor':2}} | MODEL_UNSUPPORTED | rope_type dynamic",
        "{LLAMA,'rope_scaling':{'type':'linear'}} | MODEL_FILE_CORRUPT | factor must be a number above 0, is missing",
        "{LLAMA,'rope_scaling':{'factor':2}} | MODEL_FILE_CORRUPT | rope_type must be a string, is missing",
        "{LLAMA,'rope_scaling':{'rope_type':'llama3','factor':8,'low_freq_factor':1}} | MODEL_FILE_CORRUPT | high_freq_factor must be",
        "{LLAMA,'partial_rotary_factor':0.5} | MODEL_UNSUPPORTED | partial_rotary_factor 0.5",
        "{LLAMA,'use_sliding_window':true} | MODEL_UNSUPPORTED | use_sliding_window true",
        "{LLAMA,'quantization_config':{'bits':4}} | MODEL_UNSUPPORTED | quantization_config",
        "{'model_type':'gpt2','add_cross_attention':true} | MODEL_UNSUPPORTED | add_cross_attention true",
        "{LLAMA,'num_key_value_heads':3} | MODEL_FILE_CORRUPT | num_attention_heads 2 is no multiple of num_key_value_heads 3",
        "{LLAMA,'hidden_act':'xielu'} | MODEL_UNSUPPORTED | hidden_act xielu",
        "{} | MODEL_FILE_CORRUPT | model_type must be a string, is missing",
        "{'model_type':'llama'} | MODEL_FILE_CORRUPT | hidden_size must be an integer of 1 or more, is missing",
        "{'model_type':'gpt2','n_embd':'x'} | MODEL_FILE_CORRUPT | n_embd must be an integer of 1 or more, is \"x\"",
        "{'model_type':'gpt2','n_head':5} | MODEL_FILE_CORRUPT | n_embd 768 is no multiple of n_head 5",
        "{LLAMA,'rms_norm_eps':-1} | MODEL_FILE_CORRUPT | rms_norm_eps must be a number above 0, is -1",
        "{LLAMA,'head_dim':3} | MODEL_FILE_CORRUPT | head_dim 3",
        "{'model_type' | MODEL_FILE_CORRUPT | is not JSON"
      })
  void shouldNameWhatItCannotUse(String json, ErrorCode code, String message) {
    AgentOsException thrown =
        catchThrowableOfType(AgentOsException.class, () -> read(json.replace("LLAMA", LLAMA)));
    assertThat(thrown.code()).isEqualTo(code);
    assertThat(thrown).hasMessageContaining(message).hasMessageContaining("config.json");
  }

  private ModelConfig read(String json) throws IOException {
    Files.writeString(directory.resolve("config.json"), json.replace('\'', '"'));
    return ModelConfig.read(directory);
  }
}

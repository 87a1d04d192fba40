package io.llmagentos.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.chat.Sampling;
import io.llmagentos.model.chat.ToolChoice;
import io.llmagentos.node.envelope.ContentPart;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompletionRequestTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static CompletionRequest parse(String json) throws JsonProcessingException {
    return CompletionRequest.parse(JSON.readTree(json), 99);
  }

  private static CompletionRequest with(String fields) throws JsonProcessingException {
    return parse("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],%s}"
        .formatted(fields));
  }

  private static CompletionRequest saying(String messages) throws JsonProcessingException {
    return parse("{\"model\":\"m\",\"messages\":[%s]}".formatted(messages));
  }

  @Test
  void shouldReadDefaultsAsOpenAisAndIgnoreUnknownFields() throws Exception {
    CompletionRequest request = with("\"whatever\":{\"x\":[1]},\"store\":true,\"stop\":null");
    assertThat(request.sampling()).isEqualTo(new Sampling(1, 1, 0, 99, List.of()));
    assertThat(request.stream()).isFalse();
    assertThat(request.tools()).isEmpty();
    assertThat(request.toolChoice()).isEqualTo(ToolChoice.NONE);
    assertThat(request.user()).isEmpty();
  }

  @Test
  void shouldReadEveryRole() throws Exception {
    CompletionRequest request = saying("""
        {"role":"developer","content":"d"},
        {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
        {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"r"},
        {"role":"assistant","content":null,"refusal":"no"}""");
    assertThat(request.messages().stream().map(message -> message.role()))
        .containsExactly("system", "user", "assistant", "tool", "assistant");
    assertThat(request.messages().get(1).content())
        .containsExactly(new ContentPart.Text("a"), new ContentPart.Text("b"));
    assertThat(request.messages().get(2).toolCalls()).hasSize(1);
    assertThat(request.messages().get(4).toChat().content()).isEqualTo("no");
  }

  @Test
  void shouldReadSampling() throws Exception {
    Sampling sampling =
        with("\"temperature\":0,\"top_p\":0.5,\"max_tokens\":3,\"max_completion_tokens\":4,\"seed\":-1,\"stop\":\"x\"")
            .sampling();
    assertThat(sampling).isEqualTo(new Sampling(0, 0.5f, 4, -1, List.of("x")));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
        temperature           | "temperature":3
        temperature           | "temperature":"0"
        top_p                 | "top_p":0
        max_tokens            | "max_tokens":0
        max_tokens            | "max_tokens":1.5
        max_completion_tokens | "max_completion_tokens":99999999999
        n                     | "n":2
        seed                  | "seed":"1"
        stop                  | "stop":["a","b","c","d","e"]
        stop                  | "stop":[1]
        stop                  | "stop":""
        stream                | "stream":"yes"
        stream_options        | "stream_options":{"include_usage":true}
        logprobs              | "logprobs":true
        top_logprobs          | "top_logprobs":3
        presence_penalty      | "presence_penalty":0.5
        frequency_penalty     | "frequency_penalty":"1"
        logit_bias            | "logit_bias":{"1":2}
        response_format.type  | "response_format":{"type":"json_object"}
        modalities            | "modalities":["text","audio"]
        functions             | "functions":[]
        user                  | "user":7
        tools                 | "tools":{}
        tools[0].type         | "tools":[{"type":"retrieval"}]
        tools[0].function     | "tools":[{"type":"function"}]
        tools[0].function.name| "tools":[{"type":"function","function":{"name":"a b"}}]
        tool_choice           | "tool_choice":"required"
        tool_choice           | "tool_choice":{"type":"function","function":{"name":"f"}}
        tool_choice           | "tool_choice":7
        """)
  void shouldRefuseByFieldValueAndExpectation(String field, String fields) {
    assertThatThrownBy(() -> with(fields))
        .isInstanceOfSatisfying(AgentOsException.class, refused -> {
          assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
          assertThat(refused.param()).isEqualTo(field);
          assertThat(refused.getMessage()).contains("'" + field + "'", ", is ");
        });
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
        messages                        |
        messages[0]                     | "hello"
        messages[0].role                | {"content":"x"}
        messages[0].role                | {"role":"wizard","content":"x"}
        messages[0].content             | {"role":"user"}
        messages[0].content             | {"role":"user","content":7}
        messages[0].content             | {"role":"assistant"}
        messages[0].content[0].type     | {"role":"user","content":[{"type":"input_audio"}]}
        messages[0].content[0].text     | {"role":"user","content":[{"type":"text","text":1}]}
        messages[0].tool_call_id        | {"role":"tool","tool_call_id":"c","content":"x"}
        messages[0].tool_calls[0].id    | {"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f"}}]}
        """)
  void shouldRefuseMessages(String field, @Nullable String messages) {
    assertThatThrownBy(() -> saying(Objects.requireNonNullElse(messages, "")))
        .isInstanceOfSatisfying(
            AgentOsException.class, refused -> assertThat(refused.param()).isEqualTo(field));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
        object            | []
        type              | {"properties":{}}
        type              | {"type":"string"}
        properties/a      | {"type":"object","properties":{"a":7}}
        required          | {"type":"object","required":"a"}
        minimum           | {"type":"object","properties":{"a":{"type":"number","minimum":"x"}}}
        $ref              | {"type":"object","properties":{"a":{"$ref":"#/$defs/none"}}}
        $ref              | {"type":"object","properties":{"a":{"$ref":"https://example.org/schema"}}}
        $schema           | {"$schema":"https://example.org/mine","type":"object"}
        """)
  void shouldRefuseABrokenToolSchema(String word, String schema) {
    assertThatThrownBy(() -> with(tool(schema)))
        .isInstanceOfSatisfying(AgentOsException.class, refused -> {
          assertThat(refused.code()).isEqualTo(ErrorCode.TOOL_SCHEMA_INVALID);
          assertThat(refused.param()).isEqualTo("tools[0].function.parameters");
          assertThat(refused.getMessage()).contains("'look_up'", word);
        });
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
        {"type":"object"}
        {"type":"object","properties":{},"additionalProperties":false}
        {"$schema":"http://json-schema.org/draft-07/schema#","type":"object","definitions":{"d":{"type":"string"}},"properties":{"a":{"$ref":"#/definitions/d"}}}
        {"type":"object","$defs":{"d":{"enum":["x"]}},"properties":{"a":{"anyOf":[{"$ref":"#/$defs/d"},{"type":"null"}]}}}
        """)
  void shouldTakeAGoodToolSchema(String schema) throws Exception {
    assertThat(with(tool(schema)).tools()).hasSize(1);
  }

  private static String tool(String schema) {
    return "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look_up\",\"parameters\":%s}}]"
        .formatted(schema);
  }
}

package io.llmagentos.rl.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.llmagentos.rl.GoldenData;
import io.llmagentos.rl.GoldenData.Recording;
import io.llmagentos.rl.algorithm.AlgorithmConfig.GradClipBy;
import io.llmagentos.rl.algorithm.ReplayBuffer.Transitions;
import io.llmagentos.rl.policy.ActionDistribution;
import io.llmagentos.rl.policy.Activation;
import io.llmagentos.rl.policy.ActorCritic;
import io.llmagentos.rl.policy.Categorical;
import io.llmagentos.rl.policy.DiagonalGaussian;
import io.llmagentos.rl.policy.Initializer;
import io.llmagentos.rl.policy.Mlp;
import io.llmagentos.rl.policy.Policy;
import io.llmagentos.rl.policy.Sequences;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * GAE, PPO's and DDPG's steps against float64 PyTorch. Ours run in float32: outputs and losses agree to 2e-6 of their size, gradients to 1e-6; a parameter after
 * Adam to what such a gradient can move it by.
 */
class PpoDdpgGoldenTest {
  private static final double OUTPUT = 2e-6;
  private static final double GRADIENT = 1e-6;

  static Stream<Recording> recordings() {
    return GoldenData.recordings(file -> file.format().startsWith("rl-golden-ppo")).stream();
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void shouldEstimateAdvantagesAsStableBaselines(Recording recording) {
    JsonNode cases = recording.json().path("gae").path("cases");
    assertThat(cases.size()).isPositive();
    for (JsonNode one : cases) {
      int steps = one.path("T").asInt();
      int envs = one.path("N").asInt();
      float[] rewards = new float[envs * steps];
      float[] values = new float[envs * steps];
      float[] next = new float[envs * steps];
      boolean[] done = new boolean[envs * steps];
      for (int n = 0; n < envs; n++) {
        for (int t = 0; t < steps; t++) {
          int row = n * steps + t;
          boolean last = t == steps - 1;
          rewards[row] = (float) one.path("rewards").get(t).get(n).asDouble();
          values[row] = (float) one.path("values").get(t).get(n).asDouble();
          done[row] = last
              ? one.path("last_dones").get(n).asBoolean()
              : one.path("episode_starts").get(t + 1).get(n).asDouble() == 1;
          JsonNode follows = last
              ? one.path("last_values").get(n)
              : one.path("values").get(t + 1).get(n);
          next[row] = done[row] ? 0 : (float) follows.asDouble();
        }
      }
      float[] advantages = Gae.estimate(
          envs,
          steps,
          rewards,
          values,
          next,
          done,
          one.path("gamma").asDouble(),
          one.path("gae_lambda").asDouble());
      for (int n = 0; n < envs; n++) {
        for (int t = 0; t < steps; t++) {
          int row = n * steps + t;
          assertThat((double) advantages[row])
              .isCloseTo(one.path("advantages").get(t).get(n).asDouble(), within(1e-5));
          assertThat((double) advantages[row] + values[row])
              .isCloseTo(one.path("returns").get(t).get(n).asDouble(), within(1e-5));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void shouldStepPpoAsPyTorch(Recording recording) {
    JsonNode cases = recording.json().path("ppo");
    assertThat(cases.size()).isPositive();
    for (JsonNode one : cases) {
      new PpoCase(one).replay();
    }
  }

  /** One recorded network and its optimiser steps. */
  private static final class PpoCase {
    private final JsonNode json;
    private final ActionDistribution distribution;
    private final ActorCritic module;
    private final Batch batch;
    private final PPOLoss loss;
    /** Where the recording's tensors lie in our vector, in its order. */
    private final List<Place> places = new ArrayList<>();

    private float[] parameters;

    private record Place(int offset, int length) {}

    PpoCase(JsonNode json) {
      this.json = json;
      JsonNode hyper = json.path("hyper");
      boolean gaussian = json.path("kind").asText().equals("gaussian");
      int actions = json.path("actor").path("4.bias").size();
      this.distribution = gaussian ? new DiagonalGaussian(actions) : new Categorical(actions);
      Mlp actor = mlp(json.path("actor"), Activation.TANH);
      Mlp critic = mlp(json.path("critic"), Activation.TANH);
      this.module = new ActorCritic(new Policy(actor, distribution, gaussian), critic);
      this.parameters = new float[module.parameterCount()];
      int behindActor = fill(actor, json.path("actor"), 0);
      int criticAt = behindActor + (gaussian ? actions : 0);
      fill(critic, json.path("critic"), criticAt);
      if (gaussian) {
        float[] logStd = GoldenData.floats(flat(json.path("log_std")));
        System.arraycopy(logStd, 0, parameters, behindActor, actions);
        places.add(new Place(behindActor, actions));
      }
      this.batch = batch(gaussian);
      double clip = hyper.path("clip_coef").asDouble();
      this.loss = new PPOLoss(
          distribution,
          clip,
          // PyTorch's loss has half the squared error
          hyper.path("vf_coef").asDouble() / 2,
          Double.POSITIVE_INFINITY,
          hyper.path("clip_vloss").asBoolean() ? clip : Double.POSITIVE_INFINITY,
          hyper.path("ent_coef").asDouble(),
          0);
    }

    private int fill(Mlp mlp, JsonNode weights, int at) {
      mlp.segments().forEach(segment -> {
        float[] numbers = GoldenData.floats(flat(weights.path(segment.name())));
        System.arraycopy(numbers, 0, parameters, at + segment.offset(), numbers.length);
        places.add(new Place(at + segment.offset(), numbers.length));
      });
      return at + mlp.parameterCount();
    }

    private Batch batch(boolean gaussian) {
      int rows = json.path("obs").size();
      Batch all = new Batch(
          rows,
          Sequences.NONE,
          GoldenData.floats(flat(json.path("obs"))),
          GoldenData.floats(flat(json.path("actions"))),
          new float[rows * distribution.inputWidth()],
          GoldenData.floats(json.path("old_logprobs")),
          GoldenData.floats(json.path("advantages")),
          GoldenData.floats(json.path("returns")),
          GoldenData.floats(json.path("old_values")));
      assertThat(all.actions()).hasSize(rows * (gaussian ? distribution.actionWidth() : 1));
      return json.path("hyper").path("norm_adv").asBoolean() ? all.withNormalizedAdvantages() : all;
    }

    void replay() {
      JsonNode hyper = json.path("hyper");
      double learningRate = hyper.path("lr").asDouble();
      double epsilon = hyper.path("adam_eps").asDouble();
      GradientClip clip =
          new GradientClip(hyper.path("max_grad_norm").asDouble(), GradClipBy.GLOBAL_NORM);
      Adam adam = new Adam(parameters.length, epsilon);
      assertThat(json.path("steps").size()).isPositive();
      double[] slack = new double[parameters.length];
      for (JsonNode step : json.path("steps")) {
        int rows = batch.rows();
        float[] inputs = new float[rows * distribution.inputWidth()];
        float[] values = new float[rows];
        module.load(parameters);
        module.forward(batch.observations(), batch.sequences(), rows, inputs, values);
        checkRows(step, inputs, values);
        float[] inputGradients = new float[inputs.length];
        float[] valueGradients = new float[rows];
        double[] statistics = loss.gradient(batch, inputs, values, inputGradients, valueGradients);
        checkLosses(step, statistics);
        float[] gradients = new float[parameters.length];
        module.backward(inputGradients, valueGradients, rows, gradients);
        checkGradients(step, gradients);
        double norm = clip.apply(gradients, 0, gradients.length, module.segments());
        double expectedNorm = step.path("grad_norm").asDouble();
        assertThat(norm).isCloseTo(expectedNorm, within(OUTPUT));
        adam.step(parameters, 0, gradients, 0, learningRate);
        checkParameters(step, gradients, learningRate, epsilon, slack);
      }
    }

    private void checkRows(JsonNode step, float[] inputs, float[] values) {
      for (int i = 0; i < batch.rows(); i++) {
        double logProb = distribution.logProb(
            inputs, i * distribution.inputWidth(), batch.actions(), i * distribution.actionWidth());
        close(logProb, step.path("logprobs").get(i).asDouble(), "log-probability " + i);
        close(values[i], step.path("values").get(i).asDouble(), "value " + i);
      }
    }

    private static void checkLosses(JsonNode step, double[] statistics) {
      close(statistics[Statistic.POLICY_LOSS.index()], step.path("pg_loss").asDouble(), "pg_loss");
      close(statistics[Statistic.VF_LOSS.index()] / 2, step.path("v_loss").asDouble(), "v_loss");
      close(statistics[Statistic.ENTROPY.index()], step.path("entropy").asDouble(), "entropy");
      close(statistics[Statistic.TOTAL_LOSS.index()], step.path("loss").asDouble(), "loss");
      close(
          statistics[Statistic.APPROX_KL.index()], step.path("approx_kl").asDouble(), "approx_kl");
      close(
          statistics[Statistic.OLD_APPROX_KL.index()],
          step.path("old_approx_kl").asDouble(),
          "old_approx_kl");
      close(
          statistics[Statistic.CLIP_FRACTION.index()],
          step.path("clipfrac").asDouble(),
          "clipfrac");
    }

    private void checkGradients(JsonNode step, float[] gradients) {
      assertThat(step.path("grads").size()).isEqualTo(places.size());
      for (int p = 0; p < places.size(); p++) {
        double[] expected = GoldenData.doubles(flat(step.path("grads").get(p)));
        Place place = places.get(p);
        assertThat(expected).hasSize(place.length);
        for (int i = 0; i < expected.length; i++) {
          assertThat((double) gradients[place.offset + i])
              .as("gradient %d of tensor %d", i, p)
              .isCloseTo(expected[i], within(GRADIENT));
        }
      }
    }

    private void checkParameters(
        JsonNode step, float[] gradients, double learningRate, double epsilon, double[] slack) {
      for (int p = 0; p < places.size(); p++) {
        double[] expected = GoldenData.doubles(flat(step.path("params_after").get(p)));
        Place place = places.get(p);
        for (int i = 0; i < expected.length; i++) {
          int k = place.offset + i;
          slack[k] +=
              learningRate * Math.min(2, GRADIENT / 10 / (Math.abs(gradients[k]) + epsilon)) + 1e-7;
          assertThat((double) parameters[k])
              .as("parameter %d of tensor %d", i, p)
              .isCloseTo(expected[i], within(slack[k]));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void shouldStepDdpgAsPyTorch(Recording recording) {
    JsonNode json = recording.json().path("ddpg");
    JsonNode hyper = json.path("hyper");
    JsonNode after = json.path("after");
    int rows = json.path("obs").size();
    int actions = json.path("actions").get(0).size();
    Mlp q = mlp(json.path("q"), Activation.RELU);
    Mlp qTarget = mlp(json.path("q_target"), Activation.RELU);
    Mlp actor = mlp(json.path("actor"), Activation.RELU);
    Mlp actorTarget = mlp(json.path("actor_target"), Activation.RELU);
    float[] qNow = parameters(q, json.path("q"));
    float[] qLate = parameters(qTarget, json.path("q_target"));
    float[] actorNow = parameters(actor, json.path("actor"));
    float[] actorLate = parameters(actorTarget, json.path("actor_target"));
    boolean[] terminated = new boolean[rows];
    for (int i = 0; i < rows; i++) {
      terminated[i] = json.path("terminated").get(i).asDouble() == 1;
    }
    Transitions batch = new Transitions(
        rows,
        GoldenData.floats(flat(json.path("obs"))),
        GoldenData.floats(flat(json.path("actions"))),
        GoldenData.floats(json.path("rewards")),
        GoldenData.floats(flat(json.path("next_obs"))),
        terminated);
    float[] scale = new float[actions];
    Arrays.fill(scale, (float) hyper.path("action_scale").asDouble());
    DDPGLoss loss =
        new DDPGLoss(hyper.path("gamma").asDouble(), scale, new float[actions], actor.inputWidth());
    double learningRate = hyper.path("lr").asDouble();

    q.load(qNow, 0);
    qTarget.load(qLate, 0);
    actor.load(actorNow, 0);
    actorTarget.load(actorLate, 0);
    float[] targets = loss.targets(batch, actorTarget, qTarget);
    for (int i = 0; i < rows; i++) {
      close(targets[i], after.path("target_y").get(i).asDouble(), "target " + i);
    }
    float[] qGradient = new float[qNow.length];
    close(loss.critic(batch, targets, q, qGradient), after.path("q_loss").asDouble(), "q_loss");
    new Adam(qNow.length, 1e-8).step(qNow, 0, qGradient, 0, learningRate);
    checkAfter(q, qNow, after.path("q"), qGradient, learningRate, 1);
    q.load(qNow, 0);
    float[] actorGradient = new float[actorNow.length];
    close(
        loss.actor(batch, actor, q, actorGradient),
        after.path("actor_loss").asDouble(),
        "actor_loss");
    new Adam(actorNow.length, 1e-8).step(actorNow, 0, actorGradient, 0, learningRate);
    checkAfter(actor, actorNow, after.path("actor"), actorGradient, learningRate, 1);
    double tau = hyper.path("tau").asDouble();
    DDPGLoss.polyak(qNow, 0, qLate, tau);
    DDPGLoss.polyak(actorNow, 0, actorLate, tau);
    checkAfter(qTarget, qLate, after.path("q_target"), qGradient, learningRate, tau);
    checkAfter(
        actorTarget, actorLate, after.path("actor_target"), actorGradient, learningRate, tau);
  }

  private static void checkAfter(
      Mlp mlp, float[] parameters, JsonNode expected, float[] gradients, double rate, double part) {
    mlp.segments().forEach(segment -> {
      double[] numbers = GoldenData.doubles(flat(expected.path(segment.name())));
      for (int i = 0; i < numbers.length; i++) {
        int k = segment.offset() + i;
        double slack = part * rate * Math.min(2, GRADIENT / 10 / (Math.abs(gradients[k]) + 1e-8));
        assertThat((double) parameters[k])
            .as("%s %d", segment.name(), i)
            .isCloseTo(numbers[i], within(slack + 1e-7));
      }
    });
  }

  private static void close(double actual, double expected, String what) {
    assertThat(actual)
        .as(what)
        .isCloseTo(expected, within(OUTPUT * Math.max(1, Math.abs(expected))));
  }

  /** A network of the recorded shapes. */
  private static Mlp mlp(JsonNode weights, Activation activation) {
    List<Integer> outs = new ArrayList<>();
    for (int l = 0; weights.has(l + ".weight"); l += 2) {
      outs.add(weights.path(l + ".weight").size());
    }
    int[] hidden =
        outs.subList(0, outs.size() - 1).stream().mapToInt(Integer::intValue).toArray();
    return new Mlp(
        weights.path("0.weight").get(0).size(),
        hidden,
        activation,
        Initializer.FAN_IN,
        List.of(new Mlp.Head("out", outs.getLast(), 1)));
  }

  private static float[] parameters(Mlp mlp, JsonNode weights) {
    float[] parameters = new float[mlp.parameterCount()];
    mlp.segments().forEach(segment -> {
      float[] numbers = GoldenData.floats(flat(weights.path(segment.name())));
      System.arraycopy(numbers, 0, parameters, segment.offset(), numbers.length);
    });
    return parameters;
  }

  private static JsonNode flat(JsonNode array) {
    if (!array.get(0).isArray()) {
      return array;
    }
    ArrayNode flat = JsonNodeFactory.instance.arrayNode();
    array.forEach(row -> row.forEach(flat::add));
    return flat;
  }
}

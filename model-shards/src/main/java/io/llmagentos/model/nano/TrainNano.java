package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.training.BytePairTokenizer;
import io.llmagentos.model.training.BytePairTrainer;
import io.llmagentos.model.training.Decoder;
import io.llmagentos.model.training.DecoderBatch;
import io.llmagentos.model.training.DecoderFiles;
import io.llmagentos.model.training.DecoderShape;
import io.llmagentos.model.training.Progress;
import io.llmagentos.model.training.StepSettings;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Trains agentos-nano: tokenizer, decoder, bias of none, figures, model card. The same seed and threads give the same
 * model. A run that was stopped goes on after its last whole epoch when it is started again with the same options.
 */
@Command(name = "train-nano", mixinStandardHelpOptions = true, showDefaultValues = true)
public final class TrainNano implements Callable<Integer> {
  /** The share of in-scope requests that may be turned away; chooses the bias of none on requests kept aside. */
  private static final double TURNED_AWAY = 0.015;

  @Option(
      names = "--data",
      required = true,
      description = "the directory with the train and dev files")
  private Path data = Path.of(".");

  @Option(names = "--out", required = true, description = "the model directory to write")
  private Path out = Path.of(".");

  @Option(names = "--checkpoint", description = "the file to go on from; removed at the end")
  private Path checkpoint = Path.of("nano.checkpoint");

  @Option(names = "--seed")
  private long seed = 1;

  @Option(names = "--threads", description = "threads of libtorch")
  private int threads = 2;

  @Option(names = "--epochs")
  private int epochs = 12;

  @Option(
      names = "--cooling",
      description = "the last epochs, in which the learning rate falls to zero")
  private int cooling = 4;

  @Option(names = "--batch", description = "sequences a step")
  private int batch = 64;

  @Option(names = "--width")
  private int width = 192;

  @Option(names = "--layers")
  private int layers = 4;

  @Option(names = "--heads")
  private int heads = 4;

  @Option(names = "--inner", description = "width of the feed-forward layers")
  private int inner = 512;

  @Option(names = "--vocabulary")
  private int vocabulary = 3072;

  @Option(names = "--rate", description = "the highest learning rate")
  private double rate = 1.5e-3;

  @Option(names = "--warmup", description = "steps to the highest learning rate")
  private int warmup = 200;

  @Option(names = "--decay", description = "weight decay")
  private double decay = 0.05;

  @Option(names = "--dropout")
  private double dropout = 0.2;

  @Option(names = "--smoothing", description = "label smoothing")
  private double smoothing = 0.05;

  @Option(names = "--averaging", description = "decay of the averaged weights, a step")
  private double averaging = 0.999;

  private final AtomicBoolean stopping = new AtomicBoolean();
  private final CountDownLatch trained = new CountDownLatch(1);

  private TrainNano() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new TrainNano()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Decoder.threads(threads);
    Runtime.getRuntime().addShutdownHook(new Thread(this::awaitLastStep, "stop"));
    TrainingData training = TrainingData.read(data);
    BytePairTokenizer tokenizer = tokenizer(training);
    var mixture = new Mixture(training, tokenizer, batch);
    var shape = new DecoderShape(tokenizer.size(), width, layers, heads, inner, 256);
    System.out.printf(
        "%,d parameters, %,d tokens in the vocabulary, %d examples left out for values inside words%n",
        shape.parameterCount(), tokenizer.size(), mixture.left());
    List<float[]> weights;
    try (Decoder decoder = Decoder.initial(shape, seed)) {
      train(decoder, mixture);
      weights = decoder.averagedWeights();
    } finally {
      trained.countDown();
    }
    DecoderFiles.write(
        out,
        shape,
        weights,
        tokenizer.special(FunctionSet.PAD),
        tokenizer.special(FunctionSet.END));
    finish(training, tokenizer, shape);
    Files.deleteIfExists(checkpoint);
    return 0;
  }

  /** The process must not end inside a native call. */
  private void awaitLastStep() {
    if (trained.getCount() > 0) {
      System.err.println("stopping after this step; the same command goes on from " + checkpoint
          + " if that exists");
    }
    stopping.set(true);
    try {
      if (!trained.await(20, TimeUnit.SECONDS)) {
        System.err.println("the last step did not end within 20 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private BytePairTokenizer tokenizer(TrainingData training) {
    var trainer = new BytePairTrainer();
    training.examples().forEach((set, examples) -> {
      if (!set.equals(FunctionSet.ASSISTANT)) {
        examples.forEach(e -> trainer.add(e.example().text()));
      }
    });
    return trainer.train(FunctionSet.specials(training.sets()), vocabulary);
  }

  private void train(Decoder decoder, Mixture mixture) throws IOException {
    int from = resume(decoder);
    for (int epoch = from; epoch < epochs; epoch++) {
      List<DecoderBatch> batches = mixture.epoch(seed, epoch);
      Decoder.seed(seed * 1_000_003 + epoch);
      try (Progress progress = Progress.of("epoch " + (epoch + 1) + "/" + epochs, batches.size())) {
        for (int i = 0; i < batches.size(); i++) {
          if (stopping.get()) {
            throw new CancellationException("stopped in epoch " + (epoch + 1)
                + "; the same command goes on from " + checkpoint);
          }
          long step = (long) epoch * batches.size() + i;
          double left = epochs - epoch - (double) i / batches.size();
          float loss = decoder.step(batches.get(i), settings(step, left));
          progress.step(
              loss, (long) batches.get(i).ids().length * batches.get(i).ids()[0].length);
        }
      }
      save(decoder, epoch + 1);
    }
  }

  /**
   * Warm-up, a constant rate, and a linear fall: until it falls the run does not depend on the number of epochs, so a
   * checkpoint from before can be taken further.
   */
  private StepSettings settings(long step, double epochsLeft) {
    double warm = Math.min(1, (step + 1.0) / warmup);
    double cool = Math.min(1, epochsLeft / cooling);
    // Early on the average forgets faster, so that it never holds the random start.
    double kept = Math.min(averaging, (1.0 + step) / (10 + step));
    return new StepSettings(rate * warm * cool, decay, 1, dropout, smoothing, kept);
  }

  private String identity() {
    return String.join(
        " ",
        List.of(seed, batch, width, layers, heads, inner, vocabulary, rate, decay, dropout).stream()
            .map(String::valueOf)
            .toList());
  }

  private void save(Decoder decoder, int epoch) throws IOException {
    Path next = checkpoint.resolveSibling(checkpoint.getFileName() + ".next");
    try (var file = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(next)))) {
      file.writeUTF(identity());
      file.writeInt(epoch);
      decoder.save(file);
    }
    Files.move(
        next, checkpoint, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  private int resume(Decoder decoder) throws IOException {
    if (!Files.exists(checkpoint)) {
      return 0;
    }
    try (var file =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(checkpoint)))) {
      String other = file.readUTF();
      if (!other.equals(identity())) {
        throw new IOException(checkpoint + " is of a run with other settings (" + other + ", not "
            + identity() + "); remove it or name another with --checkpoint");
      }
      int epoch = file.readInt();
      decoder.restore(file);
      return epoch;
    }
  }

  private void finish(TrainingData training, BytePairTokenizer tokenizer, DecoderShape shape)
      throws IOException {
    // What is scored is what is shipped: the weights as rounded in the file.
    NanoFiles.write(out, tokenizer, training.sets(), Map.of());
    var evaluation = new Evaluation(training.sets(), data);
    var biases = new LinkedHashMap<String, Double>();
    try (var unbiased = new GreedyCalls(out, threads)) {
      training
          .aside()
          .forEach((set, examples) ->
              biases.put(set, evaluation.noneBias(unbiased, set, examples, TURNED_AWAY)));
    }
    NanoFiles.write(out, tokenizer, training.sets(), biases);
    try (var calls = new GreedyCalls(out, threads)) {
      ObjectNode figures = evaluation.figures(calls, biases);
      System.out.println(figures.toPrettyString());
      NanoFiles.put(out.resolve("figures.json"), figures);
      ModelCard.write(out, shape, figures, identityForCard());
    }
  }

  private String identityForCard() {
    return "--seed " + seed + " --epochs " + epochs + " --threads " + threads;
  }
}

package io.llmagentos.node.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The learning curve of one run, or of several that differ in their seed: each of them, their mean, and the spread between the lowest and the highest. */
public final class LearningCurve {
  /** A run's points; {@code x} ascends. */
  public record Run(String name, double[] x, double[] y) {
    public Run {
      if (x.length != y.length) {
        throw new IllegalArgumentException(
            "run " + name + " has " + x.length + " x and " + y.length + " y");
      }
      x = x.clone();
      y = y.clone();
    }
  }

  private static final Color LINE = new Color(0x1f, 0x5f, 0xa8);
  private static final Color BAND = new Color(0x1f, 0x5f, 0xa8, 50);
  private static final Color SINGLE = new Color(0x1f, 0x5f, 0xa8, 110);
  private static final int POINTS = 200;

  private LearningCurve() {}

  /** A PNG of 900 x 540 pixels; runs without points are left out. */
  public static byte[] png(String title, String xName, String yName, List<Run> runs) {
    System.setProperty("java.awt.headless", "true");
    XYChart chart = new XYChartBuilder()
        .width(900)
        .height(540)
        .title(title)
        .xAxisTitle(xName)
        .yAxisTitle(yName)
        .build();
    chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideSE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setPlotBorderVisible(false);
    chart.getStyler().setPlotGridLinesColor(new Color(0xe0, 0xe0, 0xe0));
    chart.getStyler().setXAxisDecimalPattern("#,###.##");
    chart.getStyler().setYAxisDecimalPattern("#,###.##");
    chart.getStyler().setToolTipsEnabled(false);
    List<Run> drawn = runs.stream().filter(run -> run.x().length > 0).toList();
    if (drawn.size() > 1) {
      spread(chart, drawn);
    } else {
      drawn.forEach(run -> line(chart, run.name(), run.x(), run.y(), LINE, 2));
    }
    if (drawn.isEmpty()) {
      line(chart, "no episode has ended yet", new double[] {0}, new double[] {0}, LINE, 1);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      BitmapEncoder.saveBitmap(chart, bytes, BitmapEncoder.BitmapFormat.PNG);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void spread(XYChart chart, List<Run> runs) {
    double from = runs.stream().mapToDouble(run -> run.x()[0]).max().orElseThrow();
    double to =
        runs.stream().mapToDouble(run -> run.x()[run.x().length - 1]).max().orElseThrow();
    List<Double> x = new ArrayList<>();
    List<Double> low = new ArrayList<>();
    List<Double> high = new ArrayList<>();
    List<Double> mean = new ArrayList<>();
    for (int i = 0; i < POINTS; i++) {
      double at = from + (to - from) * i / (POINTS - 1);
      double[] values = runs.stream().mapToDouble(run -> at(run, at)).toArray();
      x.add(at);
      low.add(Arrays.stream(values).min().orElseThrow());
      high.add(Arrays.stream(values).max().orElseThrow());
      mean.add(Arrays.stream(values).average().orElseThrow());
    }
    List<Double> bandX = new ArrayList<>(x);
    bandX.addAll(x.reversed());
    List<Double> bandY = new ArrayList<>(high);
    bandY.addAll(low.reversed());
    XYSeries band = chart.addSeries("lowest to highest", bandX, bandY);
    band.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.PolygonArea);
    band.setFillColor(BAND);
    band.setLineColor(new Color(0, 0, 0, 0));
    band.setMarker(SeriesMarkers.NONE);
    runs.forEach(run -> line(chart, run.name(), run.x(), run.y(), SINGLE, 1));
    line(chart, "mean of " + runs.size() + " seeds", array(x), array(mean), LINE, 2.5f);
  }

  /** Between points on a straight line; a run that ended keeps its last value. */
  static double at(Run run, double x) {
    int found = Arrays.binarySearch(run.x(), x);
    int above = found >= 0 ? found : -found - 1;
    if (found >= 0 || above == 0) {
      return run.y()[above];
    } else if (above == run.x().length) {
      return run.y()[above - 1];
    }
    double below = run.x()[above - 1];
    double weight = (x - below) / (run.x()[above] - below);
    return run.y()[above - 1] + (run.y()[above] - run.y()[above - 1]) * weight;
  }

  private static void line(
      XYChart chart, String name, double[] x, double[] y, Color color, float width) {
    XYSeries series = chart.addSeries(name, x, y);
    series.setLineColor(color);
    series.setLineStyle(new BasicStroke(width));
    series.setMarker(SeriesMarkers.NONE);
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}

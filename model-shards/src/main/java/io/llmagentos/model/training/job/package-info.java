/** Trainings of models as jobs of the cluster: a driver that prepares and keeps, ranks that train. */
@NullMarked
package io.llmagentos.model.training.job;

import org.jspecify.annotations.NullMarked;

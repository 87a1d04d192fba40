/** Model directories in Hugging Face's layout: {@code config.json} and safetensors files, read by mapping, written for training and tests. */
@NullMarked
package io.llmagentos.model.weights;

import org.jspecify.annotations.NullMarked;

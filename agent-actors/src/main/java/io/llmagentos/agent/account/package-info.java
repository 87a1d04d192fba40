/** What tenants and principals have spent, and what their sessions may spend next. */
@NullMarked
package io.llmagentos.agent.account;

import org.jspecify.annotations.NullMarked;

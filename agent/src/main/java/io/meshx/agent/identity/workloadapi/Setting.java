// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import io.netty.channel.EventLoop;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/**
 * What every watch works with.
 *
 * @param loop the one thread on which everything happens
 * @param clock wall time, for when an SVID was seen
 * @param random where jitter comes from
 * @param pace how often to try again
 * @param leaves reads certificates
 */
record Setting(
    EventLoop loop, InstantSource clock, RandomGenerator random, Pace pace, Leaf.Reader leaves) {}

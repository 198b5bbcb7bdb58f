// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.filter.Filters;
import io.meshx.agent.filter.FiltersContract;

final class FakeFiltersTest extends FiltersContract {
  private final FakeFilters filters = new FakeFilters();

  @Override
  protected Filters filters() {
    return filters;
  }
}

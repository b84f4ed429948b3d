// What operations keep for the backward pass. Most keep tensors. A tensor that is cheap to make again from others that
// are kept anyway carries a recipe, and then the recipe is kept in its place: norms and gated products always do, and
// within `remakingProducts` linear layers and what is computed from them alone do too. A recipe runs the kernels of the
// forward pass on the same numbers, so gradients have the same bits either way.
//
// Finer than a checkpoint: nothing is made again that the backward pass does not read.

/// How the results of an operation are made again; at most once, then they stay until no one needs them.
final class Recipe {
  private var make: (() -> [Tensor])?
  private var made: [Tensor] = []

  init(_ make: @escaping () -> [Tensor]) { self.make = make }

  func output(_ index: Int) -> Tensor {
    if let make {
      made = withoutRecording { make().map { $0.detached() } }
      // What it read may be freed now.
      self.make = nil
    }
    return made[index]
  }
}

/// A tensor as it is kept for the backward pass: itself, or how to make it again.
struct Saved {
  private enum Form {
    case kept(Tensor)
    case remade(Recipe, Int, shape: [Int])
  }

  private let form: Form

  init(_ tensor: Tensor) {
    form =
      tensor.recipe.map { .remade($0.recipe, $0.output, shape: tensor.shape) } ?? .kept(tensor.detached())
  }

  /// The tensor, a constant.
  var value: Tensor {
    switch form {
    case .kept(let tensor): tensor
    case .remade(let recipe, let output, let shape): recipe.output(output).viewed(as: shape)
    }
  }
}

extension Tensor {
  /// The same tensor, known to be one of what `make` makes.
  ///
  /// `make` must give the same bits each time it runs, and capture only what it reads, as `Saved`.
  func remade(by recipe: Recipe?, output: Int = 0) -> Tensor {
    var tensor = self
    tensor.recipe = recipe.map { (recipe: $0, output: output) }
    return tensor
  }

  /// A recipe, where a backward pass may come.
  static func recipe(_ make: @escaping () -> Tensor) -> Recipe? { recipes { [make()] } }

  /// A recipe for several results.
  static func recipes(_ make: @escaping () -> [Tensor]) -> Recipe? {
    if case .on = Recording.mode { Recipe(make) } else { nil }
  }

  /// The same tensor, to be kept itself where it is needed later.
  package func kept() -> Tensor { remade(by: nil) }
}

/// Runs `body` so that results of linear layers, and what is computed from them alone, are made again in the backward
/// pass instead of kept.
package func remakingProducts<R>(_ body: () throws -> R) rethrows -> R {
  try Recording.$remakesProducts.withValue(true, operation: body)
}

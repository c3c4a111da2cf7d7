/// Sums over the positions of a sequence in closed form, for costs of a million tokens.
enum PositionSum {
    /// The sum of `min(t, limit)` over t = 1 ... count: a triangle, and a rectangle beside it.
    static func capped(_ count: Int, at limit: Int) -> Double {
        let (length, limit) = (Double(count), Double(limit))
        let corner = min(length, limit)
        return corner * (corner + 1) / 2 + (length - corner) * limit
    }

    /// The sum of `t / size`, rounded down, over t = 1 ... count: whole blocks that lie before each position.
    static func blocks(_ count: Int, of size: Int) -> Double {
        let (whole, rest) = count.quotientAndRemainder(dividingBy: size)
        return Double(size) * Double(whole) * Double(whole - 1) / 2 + Double(whole) * Double(rest + 1)
    }
}

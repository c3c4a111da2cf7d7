/// How a series is told from the others: by colour, mark and dashes at once, so that colour is never needed.
public struct SeriesStyle: Sendable, Hashable {
    /// The shape of a point.
    enum Mark: Int, Sendable, CaseIterable {
        case circle
        case square
        case triangle
        case diamond
    }

    /// The class of the style sheet that gives the colour.
    let colour: String
    let mark: Mark
    /// Lengths of dashes and gaps; empty for an unbroken line.
    let dashes: String
    let width: Double

    /// The arm that all others are held against: the colour of text, and thick.
    public static let control = SeriesStyle(colour: "s-control", mark: .circle, dashes: "", width: 2.5)
    /// What is not measured on a model, such as a floor.
    public static let reference = SeriesStyle(colour: "s-reference", mark: .circle, dashes: "3 3", width: 1.2)

    /// Colours of the palette of Okabe and Ito (2008), which people with any kind of colour blindness can tell apart;
    /// black is the control's, and yellow, which is too pale on white, is left out.
    static let colours = 6

    /// The n-th arm: after all colours, the next mark and dashes.
    public static func arm(_ index: Int) -> SeriesStyle {
        let round = index / colours
        return SeriesStyle(
            colour: "s\(index % colours)", mark: Mark.allCases[round % Mark.allCases.count],
            dashes: ["", "7 3", "2 3", "9 3 2 3"][round % 4], width: 1.8)
    }
}

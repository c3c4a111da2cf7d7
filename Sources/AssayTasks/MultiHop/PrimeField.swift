import AssayCore

/// Arithmetic modulo a prime, on tokens.
struct PrimeField: Sendable {
    let modulus: Int
    /// The tokens of the numbers.
    let numbers: SymbolRange

    /// The field of the parameter `modulus`.
    init(_ p: ParameterValues) { self.init(modulus: PrimeField.primes[p["modulus"]]) }

    /// The field of a prime.
    init(modulus: Int) {
        self.modulus = modulus
        numbers = SymbolRange(offset: 64, count: modulus)
    }

    static let primes = [5, 7, 11, 13, 17, 19, 23]

    /// a + b, a - b, a * b for the signs 0, 1, 2.
    func apply(_ sign: Int, _ a: Int, _ b: Int) -> Int {
        switch sign {
        case 0: (a + b) % modulus
        case 1: (a - b + modulus) % modulus
        default: a * b % modulus
        }
    }

    /// Whether a token is an operator.
    static func isOperator(_ token: Int32) -> Bool {
        (Vocabulary.firstOperator..<Vocabulary.firstOperator + Int32(Vocabulary.operatorCount)).contains(token)
    }
}

extension TaskParameter {
    /// The prime modulus of arithmetic.
    static let prime = TaskParameter(
        "modulus", choices: PrimeField.primes.map(String.init), "7",
        "numbers are taken modulo this prime; small models learn few numbers sooner")

    /// Which operators there are.
    static let operators = TaskParameter("operators", 3, 1...3, "operators: + alone, + and -, or + - and *")
}

import CKernels

/// Assay itself: what is part of provenance and of the identity of results.
public enum Assay {
    /// The version of the program.
    public static let version = "0.1.0"

    /// The version of the arithmetic. Raised with every change of kernels or models that changes a bit of a logit; the
    /// instruction set is part of it, since sums are taken in another order on another one.
    public static var kernelVersion: String { "2/\(instructionSet)" }

    /// The instruction set that the kernels chose on this machine.
    public static var instructionSet: String { String(cString: ck_isa_name()) }
}

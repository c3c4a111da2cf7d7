/// Fields of configurations that are known not to change logits: names and bookkeeping, token numbers, initial values,
/// training, caches and kernels.
enum InertFields {
    static let names: Set<String> = [
        // Bookkeeping.
        "architectures", "model_type", "transformers_version", "_name_or_path", "name_or_path", "auto_map",
        "tokenizer_class",
        "task_specific_params", "custom_pipelines", "transformers.js_config", "id2label", "label2id", "problem_type",
        "unsloth_fixed", "unsloth_version", "is_llama_config", "finetuning_task", "language", "license",
        // Precision of the file: weights are widened to float32.
        "dtype", "torch_dtype", "mamba_ssm_dtype", "use_bfloat16", "residual_in_fp32", "fp32_residual_connection",
        // Tokens.
        "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "unk_token_id", "decoder_start_token_id",
        "image_token_id", "image_token_index", "video_token_id", "vision_start_token_id", "vision_end_token_id",
        "boi_token_index", "eoi_token_index", "boi_token_id", "eoi_token_id", "mm_tokens_per_image", "vision_config",
        // Initial values.
        "initializer_range", "initializer_factor", "time_step_rank", "time_step_min", "time_step_max",
        "time_step_floor",
        "time_step_init_scheme", "rescale_prenorm_residual", "linear_a_log_min", "linear_a_log_max", "linear_dt_min",
        "linear_dt_max", "linear_dt_init_floor", "block_use_xavier_init", "conv_use_xavier_init", "use_mup_init",
        // Training.
        "attention_dropout", "hidden_dropout", "resid_pdrop", "embd_pdrop", "dropout", "router_aux_loss_coef",
        "router_jitter_noise", "aux_loss_alpha", "seq_aux", "shared_moe_mode", "num_nextn_predict_layers",
        "num_mtp_modules",
        "mtp_transformer_layers", "use_mtp", "mtp_num_hidden_layers", "mtp_use_dedicated_embeddings", "pretraining_tp",
        // What a caller is given, and how it is generated.
        "use_cache", "return_dict", "output_attentions", "output_hidden_states", "output_router_logits",
        "chunk_size_feed_forward", "max_length", "temperature", "do_sample", "top_p", "num_beams",
        "cache_implementation",
        // Lengths that only limit what a caller may ask for, and sizes of blocks that change no result.
        "max_position_embeddings", "model_max_length", "max_seq_len", "chunk_size", "mamba_chunk_size", "block_size",
        "use_mamba_kernels", "fuse_cross_entropy", "fuse_linear_cross_entropy", "use_l2warp",
    ]
}

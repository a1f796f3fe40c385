"""A Hugging Face tokenizer as the `tokenizer.*` metadata of a GGUF file.

llama.cpp knows two families that our models use, and a folder is read as the first that fits:

1. `tokenizer.model`: SentencePiece, merged by score (`spm.py`, `sentencepiece_model.py`), unless a
   tokenizer.json beside it holds other tokens, which then counts (`choice.py`);
2. `tokenizer.json` of SentencePiece: the same thing written as merges (`metaspace.py`), which
   Gemma 4's kind keeps (`family_rules.py`);
3. `tokenizer.json` with a byte-level alphabet: merges inside words (`byte_level.py`). How text is
   cut into words is named by `tokenizer.ggml.pre`, found from the structure of the file
   (`pre_tokenizer.py`, `pre_tokenizer_table.py`);
4. `tekken.json`, Mistral's own form of the same (`tekken.py`).

Where a class of transformers runs a pipeline of its own, that one counts (`class_pipelines.py`).

Keys, order, types and values are those of llama.cpp's converter (conversion/base.py and llama.py,
gguf-py's SpecialVocab). Where that converter loses what Hugging Face does, we keep what Hugging
Face does; each such place is named here and nowhere else:

- an added token keeps its text (the converter decodes it as bytes, which spoils accented letters);
- SentencePiece pieces that their author defined are user-defined tokens, not normal ones;
- a SentencePiece-style `tokenizer.json` gets scores from its merges (the converter gives every
  token the same score, so that llama.cpp merges from left to right), control types for its special
  tokens and padding up to the model's vocabulary;
- `add_space_prefix` is what transformers does, and what llama.cpp cannot follow of a normalizer is
  refused (`spaces.py`); a class of transformers that cuts text its own way counts, not the file;
- Gemma's runs of spaces, added tokens in a tokenizer.json that no text holds as they stand, are
  normal tokens, which merges make;
- a name of the model that tells llama.cpp of Phi-3's special tokens is written where the tokenizer
  is Phi-3's, and only there (`swallowing.py`, and model_name.py in llmq.sources);
- a SentencePiece vocabulary without byte tokens gets them from unused rows (`byte_tokens.py`);
- the added tokens of all files count, and one without a row is left out (`added_tokens.py`);
- of two chat templates, the file wins over tokenizer_config.json, as in transformers;
- `add_bos_token` is always said, and is what transformers does: beside a tokenizer.json, its
  post-processor alone decides;
- the ids of bos and eos are also looked for in special_tokens_map.json and generation_config.json,
  and every end token, listed or the chat template's own, has a key (`end_tokens.py`);
- ids outside the vocabulary, and -1 for "none", are left out instead of written or fatal;
- tokenizers of one structure get one name ("qwen2", never "deepseek-r1-qwen"; "smollm" for what is
  "refact" in Granite 3, "llama-bpe" for "lfm2", "gpt-2" for "exaone4"): llama.cpp runs the same
  code for all names of a structure, but for how it tidies spaces when it turns tokens into text.

`LLAMA_CPP_DEFECTS` lists what llama.cpp itself does differently from Hugging Face, `PRE_NOTES`
which of it concerns a pre-tokenizer by its name.

No transformers, no code from the folder, no pickle: JSON and one protobuf message are read,
bounded.
"""

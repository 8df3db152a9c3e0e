//! What the market says: book, trades, VPIN, imbalance, option maths.
